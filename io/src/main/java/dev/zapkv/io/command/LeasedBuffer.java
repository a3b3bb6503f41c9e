/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneDevice;
import java.lang.foreign.MemorySegment;

/// A lease on memory, counting the commands that use it. Where the kernel takes small registered buffers only, the
/// memory is registered in pieces that overlap by the largest command: each command lies within one of them.
public final class LeasedBuffer implements IoBuffer {
    private static final int[] NONE = {};

    private final ZoneDevice owner;
    private final CommandEngine engine;
    private final MemorySegment memory;
    private final int[] indices;
    private final long stride;
    private final long pieceLength;
    private int commands;
    private boolean closed;

    private LeasedBuffer(
            final ZoneDevice owner,
            final CommandEngine engine,
            final MemorySegment memory,
            final int[] indices,
            final long stride,
            final long pieceLength) {
        this.owner = owner;
        this.engine = engine;
        this.memory = memory;
        this.indices = indices;
        this.stride = stride;
        this.pieceLength = pieceLength;
    }

    /// A lease on memory that the kernel does not hold pinned.
    public static LeasedBuffer unregistered(final ZoneDevice owner, final MemorySegment memory) {
        return new LeasedBuffer(owner, null, memory, NONE, 0, 0);
    }

    /// Registers memory with the engine, or not, if it refuses any of it.
    ///
    /// @param lengthMax largest command whose memory shall lie within one piece
    public static LeasedBuffer register(
            final ZoneDevice owner, final CommandEngine engine, final MemorySegment memory, final int lengthMax) {
        final long pieceLength = engine.registrationMax();
        final long stride = pieceLength >= memory.byteSize() ? memory.byteSize() : pieceLength - lengthMax;
        if (pieceLength == 0 || stride <= 0) {
            return unregistered(owner, memory);
        }
        final int[] indices = new int[(int) ((memory.byteSize() + stride - 1) / stride)];
        for (int i = 0; i < indices.length; i++) {
            final long start = i * stride;
            indices[i] = engine.register(memory.asSlice(start, Math.min(pieceLength, memory.byteSize() - start)));
            if (indices[i] < 0) {
                for (int j = 0; j < i; j++) {
                    engine.unregister(indices[j]);
                }
                return unregistered(owner, memory);
            }
        }
        return new LeasedBuffer(owner, engine, memory, indices, stride, pieceLength);
    }

    /// A buffer as the lease that a device gave.
    ///
    /// @throws IllegalArgumentException if it gave none
    public static LeasedBuffer of(final ZoneDevice device, final IoBuffer buffer) {
        if (buffer instanceof final LeasedBuffer own && device.equals(own.owner)) {
            return own;
        }
        throw new IllegalArgumentException("the buffer was not registered with this device: " + buffer);
    }

    @Override
    public MemorySegment memory() {
        return memory;
    }

    @Override
    public boolean registered() {
        return indices.length > 0;
    }

    /// Index of a registered piece that holds the whole range, or {@link CommandEngine#UNREGISTERED}.
    public int index(final long offset, final int length) {
        if (indices.length == 0) {
            return CommandEngine.UNREGISTERED;
        }
        final int piece = (int) (offset / stride);
        return offset - piece * stride + length <= pieceLength ? indices[piece] : CommandEngine.UNREGISTERED;
    }

    /// A command uses the memory.
    ///
    /// @throws IllegalStateException if the lease has ended
    public void commandStarted() {
        if (closed || !memory.scope().isAlive()) {
            throw new IllegalStateException("the buffer's lease is closed");
        }
        commands++;
    }

    /// A command uses the memory no more.
    public void commandEnded() {
        commands--;
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (commands != 0) {
            throw new IllegalStateException(
                    commands + " commands still use the buffer: poll until it was released, then close it");
        }
        closed = true;
        for (final int index : indices) {
            engine.unregister(index);
        }
    }
}
