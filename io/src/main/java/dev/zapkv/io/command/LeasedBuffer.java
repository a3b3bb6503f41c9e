/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.IoBuffer;
import java.lang.foreign.MemorySegment;

/// A lease on memory, counting the commands that use it.
public final class LeasedBuffer implements IoBuffer {
    private final CommandDevice device;
    private final MemorySegment memory;
    private final int index;
    private int commands;
    private boolean closed;

    /// A lease on memory.
    ///
    /// @param index index of the registered buffer, or {@link IoEngine#UNREGISTERED}
    public LeasedBuffer(final CommandDevice device, final MemorySegment memory, final int index) {
        this.device = device;
        this.memory = memory;
        this.index = index;
    }

    @Override
    public MemorySegment memory() {
        return memory;
    }

    @Override
    public boolean registered() {
        return index != IoEngine.UNREGISTERED;
    }

    /// The device it was registered with.
    public CommandDevice owner() {
        return device;
    }

    /// Index of the registered buffer, or {@link IoEngine#UNREGISTERED}.
    public int index() {
        return index;
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
        if (registered()) {
            device.unregister(index);
        }
    }
}
