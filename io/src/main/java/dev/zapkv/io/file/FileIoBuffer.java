/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.IoBuffer;
import java.lang.foreign.MemorySegment;

/// A lease on memory, counting the commands that use it.
final class FileIoBuffer implements IoBuffer {
    private final FileZoneDevice device;
    private final MemorySegment memory;
    private final int index;
    private int commands;
    private boolean closed;

    /// @param index index of the registered buffer, or {@link IoEngine#UNREGISTERED}
    FileIoBuffer(final FileZoneDevice device, final MemorySegment memory, final int index) {
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

    boolean belongsTo(final FileZoneDevice other) {
        return device == other;
    }

    int index() {
        return index;
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
        if (registered()) {
            device.unregister(index);
        }
    }
}
