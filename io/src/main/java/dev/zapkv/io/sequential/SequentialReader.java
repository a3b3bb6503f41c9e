/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sequential;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.command.Descriptor;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import java.lang.foreign.MemorySegment;
import java.util.function.IntToLongFunction;

/// Reads on the caller's thread, past the page cache: what the cache holds of a zone would outlive a reset and a
/// write that pass it by. Unaligned reads go through a bounce buffer. Safe for any number of threads.
final class SequentialReader {
    private static final int MEMORY_ALIGNMENT = 4096;

    private final String name;
    private final ZoneGeometry geometry;
    private final SequentialMedia media;
    private final IntToLongFunction written;
    private final BounceBuffers bounces;
    private final int block;

    /// @param written end of what was written to a zone since its last reset; asked on any thread
    SequentialReader(
            final String name,
            final ZoneGeometry geometry,
            final SequentialMedia media,
            final IntToLongFunction written) {
        this.name = name;
        this.geometry = geometry;
        this.media = media;
        this.written = written;
        block = geometry.blockSize();
        bounces = new BounceBuffers(Math.max(MEMORY_ALIGNMENT, block));
    }

    void read(final long address, final MemorySegment target, final long at, final int length) {
        final MemorySegment range = target.asSlice(at, length);
        final int zone = geometry.zoneOf(address);
        final long offset = geometry.offsetOf(address);
        final Descriptor descriptor = media.reader(zone);
        try {
            final int readable = Math.clamp(written.applyAsLong(zone) - offset, 0, length);
            if (readable > 0) {
                final MemorySegment wanted = range.asSlice(0, readable);
                final long position = media.position(zone, offset);
                if (isAligned(wanted, offset, readable)) {
                    transfer(descriptor.fd(), wanted, readable, position, address);
                } else {
                    bounce(descriptor.fd(), wanted, position, address);
                }
            }
            if (readable < length) {
                range.asSlice(readable).fill((byte) 0);
            }
        } finally {
            descriptor.release();
        }
    }

    private boolean isAligned(final MemorySegment memory, final long offset, final int length) {
        return memory.isNative() && ((memory.address() | offset | length) & (block - 1)) == 0;
    }

    private void bounce(final int fd, final MemorySegment wanted, final long position, final long address) {
        final MemorySegment buffer = bounces.take();
        final int length = (int) wanted.byteSize();
        int done = 0;
        while (done < length) {
            final int skip = (int) ((position + done) & (block - 1));
            final int useful = Math.min(length - done, BounceBuffers.LENGTH - skip);
            final int whole = (skip + useful + block - 1) & -block;
            transfer(fd, buffer, whole, position + done - skip, address);
            MemorySegment.copy(buffer, skip, wanted, done, useful);
            done += useful;
        }
        bounces.give(buffer); // after a failure it is simply dropped
    }

    private void transfer(
            final int fd, final MemorySegment memory, final int length, final long position, final long address) {
        int done = 0;
        while (done < length) {
            final long result = Libc.pread(fd, memory, done, length - done, position + done);
            if (result > 0 && (result & (block - 1)) == 0) {
                done += (int) result;
            } else if (result != -Errno.EINTR) {
                throw failed(address, length, result);
            }
        }
    }

    private DeviceException failed(final long address, final int length, final long result) {
        final int errno = result < 0 ? (int) -result : Errno.EIO;
        return new DeviceException(
                "read of " + length + " bytes in zone=" + geometry.zoneOf(address) + " near offset "
                        + geometry.offsetOf(address) + " of " + name + " failed: "
                        + (result < 0 ? Errno.describe(errno) : "it ended after " + result + " bytes"),
                errno);
    }
}
