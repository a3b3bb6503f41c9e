/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sequential;

import dev.zapkv.io.ConventionalZones;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.Objects;

/// Conventional zones as ranges of files that are open for direct reading and writing: one block device, or a file for
/// each zone. Whoever opened the files closes them.
public final class ConventionalFiles implements ConventionalZones {
    private final String name;
    private final List<Zone> zones;
    private final long capacity;
    private final int block;

    /// Where a zone lies.
    ///
    /// @param fd       descriptor, open for direct reading and writing
    /// @param position of the zone's first byte in its file
    public record Zone(int fd, long position) {}

    /// @param name     names the device in messages
    /// @param capacity bytes of each zone
    /// @param block    bytes of a logical block
    public ConventionalFiles(final String name, final List<Zone> zones, final long capacity, final int block) {
        this.name = name;
        this.zones = List.copyOf(zones);
        this.capacity = capacity;
        this.block = block;
    }

    @Override
    public int count() {
        return zones.size();
    }

    @Override
    public long capacity() {
        return capacity;
    }

    @Override
    public void read(final int zone, final long offset, final MemorySegment target, final int length) {
        check(offset, target, length);
        final Zone place = zones.get(zone);
        int done = 0;
        while (done < length) {
            final long result = Libc.pread(place.fd(), target, done, length - done, place.position() + offset + done);
            done += progress("read", zone, offset, length, result);
        }
    }

    @Override
    public void write(final int zone, final long offset, final MemorySegment source, final int length) {
        check(offset, source, length);
        final Zone place = zones.get(zone);
        int done = 0;
        while (done < length) {
            final long result =
                    Libc.pwrite(place.fd(), source.address() + done, length - done, place.position() + offset + done);
            done += progress("write", zone, offset, length, result);
        }
        final int synced = Libc.fdatasync(place.fd());
        if (synced < 0) {
            throw failed("sync", zone, offset, length, Errno.describe(-synced), -synced);
        }
    }

    /// Direct transfers end early only on a block.
    private int progress(final String what, final int zone, final long offset, final int length, final long result) {
        if (result == -Errno.EINTR) {
            return 0;
        }
        if (result > 0 && (result & (block - 1)) == 0) {
            return (int) result;
        }
        throw result < 0
                ? failed(what, zone, offset, length, Errno.describe((int) -result), (int) -result)
                : failed(what, zone, offset, length, "it ended after " + result + " bytes", Errno.EIO);
    }

    private void check(final long offset, final MemorySegment memory, final int length) {
        Objects.checkFromIndexSize(offset, length, capacity);
        Objects.checkFromIndexSize(0, length, memory.byteSize());
        if (!memory.isNative() || length == 0 || ((offset | length | memory.address()) & (block - 1)) != 0) {
            throw new IllegalArgumentException(
                    "offset=" + offset + " length=" + length + " address=0x" + Long.toHexString(memory.address())
                            + " are no multiples of the logical block of " + block + " bytes in native memory");
        }
    }

    private DeviceException failed(
            final String what,
            final int zone,
            final long offset,
            final int length,
            final String reason,
            final int errno) {
        return new DeviceException(
                what + " of " + length + " bytes at offset " + offset + " of conventional zone " + zone + " of " + name
                        + " failed: " + reason,
                errno);
    }
}
