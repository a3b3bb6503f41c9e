/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sim;

import dev.zapkv.io.ConventionalZones;
import dev.zapkv.io.DeviceException;
import java.lang.foreign.MemorySegment;
import java.util.Objects;
import java.util.random.RandomGenerator;

/// Conventional zones of a simulated device. A write fails as often as appends do, and then each of its blocks is old
/// or new.
final class SimConventionalZones implements ConventionalZones {
    private final MemorySegment[] zones;
    private final long capacity;
    private final int block;
    private final SimOptions options;
    private final RandomGenerator random;

    /// @param zones bytes of each
    SimConventionalZones(
            final MemorySegment[] zones, final int block, final SimOptions options, final RandomGenerator random) {
        this.zones = zones;
        this.capacity = zones[0].byteSize();
        this.block = block;
        this.options = options;
        this.random = random;
    }

    @Override
    public int count() {
        return zones.length;
    }

    @Override
    public long capacity() {
        return capacity;
    }

    @Override
    public void read(final int zone, final long offset, final MemorySegment target, final int length) {
        check(offset, length);
        MemorySegment.copy(zones[zone], offset, target, 0, length);
    }

    @Override
    public void write(final int zone, final long offset, final MemorySegment source, final int length) {
        check(offset, length);
        final boolean fails = random.nextInt(options.appendFailuresPer()) < options.appendFailures();
        for (int at = 0; at < length; at += block) {
            if (!fails || random.nextBoolean()) {
                MemorySegment.copy(source, at, zones[zone], offset + at, block);
            }
        }
        if (fails) {
            throw new DeviceException(
                    "write to conventional zone " + zone + " failed, as simulated", DeviceException.EIO);
        }
    }

    private void check(final long offset, final int length) {
        Objects.checkFromIndexSize(offset, length, capacity);
        if (length == 0 || ((offset | length) & (block - 1)) != 0) {
            throw new IllegalArgumentException("offset=" + offset + " length=" + length + " are no blocks of " + block);
        }
    }
}
