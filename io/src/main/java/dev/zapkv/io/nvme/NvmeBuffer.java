/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.IoBuffer;
import java.lang.foreign.MemorySegment;

/// A lease on memory, counting the commands that use it. Where the kernel takes small registered buffers only, the
/// memory is registered in pieces that overlap by the largest command: each command lies within one of them.
final class NvmeBuffer implements IoBuffer {
    private final NvmeZoneDevice device;
    private final MemorySegment memory;
    private final int[] indices;
    private final long stride;
    private final long pieceLength;
    private int commands;
    private boolean closed;

    private NvmeBuffer(
            final NvmeZoneDevice device,
            final MemorySegment memory,
            final int[] indices,
            final long stride,
            final long pieceLength) {
        this.device = device;
        this.memory = memory;
        this.indices = indices;
        this.stride = stride;
        this.pieceLength = pieceLength;
    }

    /// Registers memory with the engine, or not, if it refuses any of it.
    ///
    /// @param lengthMax largest command whose memory shall lie within one piece
    static NvmeBuffer register(
            final NvmeZoneDevice device,
            final PassthroughEngine engine,
            final MemorySegment memory,
            final int lengthMax) {
        final long pieceLength = engine.registrationMax();
        final long stride = pieceLength >= memory.byteSize() ? memory.byteSize() : pieceLength - lengthMax;
        if (pieceLength == 0 || stride <= 0) {
            return new NvmeBuffer(device, memory, new int[0], 0, 0);
        }
        final int pieces = (int) ((memory.byteSize() + stride - 1) / stride);
        final int[] indices = new int[pieces];
        for (int i = 0; i < pieces; i++) {
            final long start = i * stride;
            indices[i] = engine.register(memory.asSlice(start, Math.min(pieceLength, memory.byteSize() - start)));
            if (indices[i] < 0) {
                for (int j = 0; j < i; j++) {
                    engine.unregister(indices[j]);
                }
                return new NvmeBuffer(device, memory, new int[0], 0, 0);
            }
        }
        return new NvmeBuffer(device, memory, indices, stride, pieceLength);
    }

    @Override
    public MemorySegment memory() {
        return memory;
    }

    @Override
    public boolean registered() {
        return indices.length > 0;
    }

    boolean belongsTo(final NvmeZoneDevice other) {
        return device == other;
    }

    /// Index of a registered piece that holds the whole range, or {@link PassthroughEngine#UNREGISTERED}.
    int index(final long offset, final int length) {
        if (indices.length == 0) {
            return PassthroughEngine.UNREGISTERED;
        }
        final int piece = (int) (offset / stride);
        return offset - piece * stride + length <= pieceLength ? indices[piece] : PassthroughEngine.UNREGISTERED;
    }

    void commandStarted() {
        if (closed || !memory.scope().isAlive()) {
            throw new IllegalStateException("the buffer's lease is closed");
        }
        commands++;
    }

    void commandEnded() {
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
            device.unregister(index);
        }
    }
}
