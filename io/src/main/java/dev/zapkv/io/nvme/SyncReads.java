/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.command.Descriptor;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.concurrent.atomic.AtomicReferenceArray;

/// Reads on the calling thread, any number at a time, past the page cache: zones are written by passthrough, of which
/// the block device's page cache knows nothing, so it might hold what a zone held before it was reset.
///
/// From the block device, whole blocks go into memory aligned to them at once; anything else goes through one of a few
/// bounce buffers.
final class SyncReads {
    /// How the drive is read.
    enum Way {
        /// {@code pread} of the block device with {@code O_DIRECT}.
        BLOCK_DEVICE,
        /// A read command by ioctl.
        PASSTHROUGH
    }

    private static final int BOUNCE_LENGTH = 128 * 1024;
    private static final int BOUNCES = 16;
    private static final int HEADER_LENGTH = 4096;
    private static final int REPEATS_MAX = 8;

    private final Drive drive;
    private final Descriptor descriptor;
    private final Way way;
    private final String node;
    private final int lengthMax;
    /// A page for the command, then the buffer.
    private final AtomicReferenceArray<MemorySegment> bounces = new AtomicReferenceArray<>(BOUNCES);

    /// @param descriptor of the block device or the character device, closed by its owner
    SyncReads(final Drive drive, final Descriptor descriptor, final Way way, final String node) {
        this.drive = drive;
        this.descriptor = descriptor;
        this.way = way;
        this.node = node;
        lengthMax = way == Way.PASSTHROUGH ? drive.maxTransfer() : Integer.MAX_VALUE;
    }

    /// Through the block device where it could be opened, else by commands.
    static SyncReads of(final Drive drive, final NvmeNode node) {
        final String name = node.path().node().toString();
        return node.block() == null
                ? new SyncReads(drive, node.passthrough(), Way.PASSTHROUGH, name)
                : new SyncReads(drive, node.block(), Way.BLOCK_DEVICE, name);
    }

    /// How the drive is read.
    Capability capability() {
        return switch (way) {
            case BLOCK_DEVICE ->
                new Capability("synchronous-reads", "block device, direct", "O_DIRECT open of the block device", "");
            case PASSTHROUGH ->
                new Capability(
                        "synchronous-reads",
                        "passthrough",
                        "the block device cannot be opened",
                        "read commands by ioctl");
        };
    }

    /// Reads a range that lies in one zone.
    void read(final long address, final MemorySegment target, final long targetOffset, final int length) {
        final MemorySegment range = target.asSlice(targetOffset, length);
        if (!descriptor.acquire()) {
            throw new DeviceException("the device on " + node + " is closed", 0);
        }
        final MemorySegment bounce = take();
        try {
            read(address, range, bounce);
        } finally {
            give(bounce);
            descriptor.release();
        }
    }

    private void read(final long address, final MemorySegment range, final MemorySegment bounce) {
        final int block = drive.geometry().blockSize();
        // A command knows the address alone: it could not keep the caller's memory from being freed meanwhile.
        final boolean aligned = way == Way.BLOCK_DEVICE && range.isNative() && range.address() % block == 0;
        long done = 0;
        while (done < range.byteSize()) {
            final long at = address + done;
            final long left = range.byteSize() - done;
            final long skip = at & (block - 1);
            if (aligned && skip == 0 && left >= block && done % block == 0) {
                final int part = (int) (Math.min(left, lengthMax) & -block);
                readBlocks(at, range.asSlice(done, part), part, bounce);
                done += part;
            } else {
                final long wanted = Math.min(left, Math.min(BOUNCE_LENGTH, lengthMax) - skip);
                final int part = (int) ((skip + wanted + block - 1) & -block);
                readBlocks(at - skip, bounce.asSlice(HEADER_LENGTH, part), part, bounce);
                MemorySegment.copy(bounce, HEADER_LENGTH + skip, range, done, wanted);
                done += wanted;
            }
        }
    }

    private void readBlocks(
            final long address, final MemorySegment target, final int length, final MemorySegment bounce) {
        for (int repeats = 0; ; repeats++) {
            final int status = way == Way.PASSTHROUGH
                    ? passthrough(address, target, length, bounce)
                    : blockDevice(address, target, length);
            if (status == 0) {
                return;
            }
            if (repeats == REPEATS_MAX || !mayPass(status)) {
                throw new DeviceException(
                        "read of " + length + " bytes at address=" + address + " (zone="
                                + drive.geometry().zoneOf(address) + ") of " + node + " failed: "
                                + (status < 0 ? Errno.describe(-status) : NvmeStatus.describe(status)),
                        status < 0 ? -status : NvmeStatus.of(status).errno());
            }
        }
    }

    private static boolean mayPass(final int status) {
        if (status < 0) {
            return status == -Errno.EINTR || status == -Errno.EAGAIN;
        }
        final NvmeStatus.Reaction reaction = NvmeStatus.of(status).reaction();
        return !NvmeStatus.isFinal(status)
                && (reaction == NvmeStatus.Reaction.RETRY || reaction == NvmeStatus.Reaction.UNCERTAIN);
    }

    private int passthrough(
            final long address, final MemorySegment target, final int length, final MemorySegment bounce) {
        final PassthroughCommand command = new PassthroughCommand()
                .wrap(bounce, 0)
                .read(drive.nsid(), drive.block(address), target.address(), length, drive.blockShift());
        return NodeCalls.io(descriptor.fd(), command.address());
    }

    private int blockDevice(final long address, final MemorySegment target, final int length) {
        final long start = drive.block(address) << drive.blockShift();
        for (int done = 0; done < length; ) {
            final long count = Libc.pread(descriptor.fd(), target, done, length - done, start + done);
            if (count < 0) {
                return (int) count;
            }
            if (count == 0) {
                return -Errno.EIO;
            }
            done += (int) count;
        }
        return 0;
    }

    private MemorySegment take() {
        for (int i = 0; i < BOUNCES; i++) {
            final MemorySegment bounce = bounces.getAndSet(i, null);
            if (bounce != null) {
                return bounce;
            }
        }
        return Arena.ofAuto().allocate(HEADER_LENGTH + BOUNCE_LENGTH, HEADER_LENGTH);
    }

    private void give(final MemorySegment bounce) {
        for (int i = 0; i < BOUNCES; i++) {
            if (bounces.compareAndSet(i, null, bounce)) {
                return;
            }
        }
    }
}
