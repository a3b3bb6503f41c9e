/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneDevice;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;

/// Staging as the device sees it: chunks of slots, each registered as one buffer. Grows by a chunk when writers come
/// near
/// its end. Belongs to the I/O agent.
final class StagingBuffers implements AutoCloseable {
    private final ZoneDevice device;
    private final StagingLog staging;
    private final StagingLeases leases;
    private final int slotsPerChunk;
    private final List<IoBuffer> buffers = new ArrayList<>();
    private boolean growthRefused;

    StagingBuffers(final ZoneDevice device, final StagingLog staging, final StagingLeases leases) {
        this.device = device;
        this.staging = staging;
        this.leases = leases;
        slotsPerChunk = AppendAgent.slotsPerChunk(staging.blockBytes(), device.geometry());
        register();
    }

    /// The buffer that a slot lies in.
    IoBuffer of(final int slot) {
        return buffers.get(slot / slotsPerChunk);
    }

    /// Where in its buffer a slot begins.
    long offsetOf(final int slot) {
        return (long) (slot % slotsPerChunk) * staging.blockBytes();
    }

    /// Gives writers more staging when they come near its end: the device or the agent is slower than they
    /// are.
    ///
    /// @return amount of work done
    int growIfShort() {
        if (growthRefused
                || staging.freeSlots() > staging.allocatedSlots() / 2
                || staging.allocatedSlots() + slotsPerChunk > staging.maxSlots()) {
            return 0;
        }
        grow();
        return 1;
    }

    private void grow() {
        try {
            staging.grow(slotsPerChunk);
            register();
        } catch (final DeviceException e) {
            // Shared memory is used up by others: staging stays at its size, which is a bound like any other.
            growthRefused = true;
            leases.growthRefused();
        }
    }

    private void register() {
        final MemorySegment memory = staging.memory();
        while (buffers.size() * slotsPerChunk < staging.allocatedSlots()) {
            final long from = staging.offsetInSlot(buffers.size() * slotsPerChunk, 0);
            buffers.add(device.register(memory.asSlice(from, (long) slotsPerChunk * staging.blockBytes())));
        }
    }

    /// Unregisters the memory; the device must be idle.
    @Override
    public void close() {
        for (final IoBuffer buffer : buffers) {
            buffer.close();
        }
        buffers.clear();
    }
}
