/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sim;

import dev.zapkv.io.IoBuffer;
import java.lang.foreign.MemorySegment;

/// A lease on memory, counting the commands that use it.
final class SimIoBuffer implements IoBuffer {
    private final SimZoneDevice device;
    private final MemorySegment memory;
    private int commands;
    private boolean closed;

    SimIoBuffer(final SimZoneDevice device, final MemorySegment memory) {
        this.device = device;
        this.memory = memory;
    }

    @Override
    public MemorySegment memory() {
        return memory;
    }

    @Override
    public boolean registered() {
        return false;
    }

    boolean belongsTo(final SimZoneDevice other) {
        return device == other;
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
        if (commands != 0) {
            throw new IllegalStateException(
                    commands + " commands still use the buffer: poll until it was released, then close it");
        }
        closed = true;
    }
}
