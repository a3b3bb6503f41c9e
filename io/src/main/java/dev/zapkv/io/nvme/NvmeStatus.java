/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.linux.Errno;

/// Status codes of NVMe commands that matter here, and what each asks for. A status is what the kernel returns: status
/// code (bits 0 to 7), type (8 to 10), retry delay (11 and 12), more (13), do not retry (14).
enum NvmeStatus {
    /// Success.
    SUCCESS(0x000, Reaction.NONE, 0, "success"),
    /// The command is unknown to the drive.
    INVALID_OPCODE(0x001, Reaction.BUG, Errno.EIO, "invalid opcode"),
    /// A field has a value the drive does not take.
    INVALID_FIELD(0x002, Reaction.BUG, Errno.EIO, "invalid field"),
    /// The transfer between host and drive failed.
    TRANSFER_ERROR(0x004, Reaction.UNCERTAIN, Errno.EIO, "data transfer error"),
    /// The drive loses power.
    POWER_LOSS(0x005, Reaction.UNCERTAIN, Errno.EIO, "aborted by a power loss"),
    /// Something inside the drive.
    INTERNAL(0x006, Reaction.RETRY, Errno.EIO, "internal error"),
    /// Aborted by the host: a time-out.
    ABORTED(0x007, Reaction.UNCERTAIN, Errno.EIO, "aborted on request"),
    /// The queue went away: a controller reset.
    QUEUE_DELETED(0x008, Reaction.UNCERTAIN, Errno.EIO, "aborted because its queue was deleted"),
    /// The namespace is gone or of another format.
    INVALID_NAMESPACE(0x00B, Reaction.BUG, Errno.EIO, "invalid namespace or format"),
    /// A memory address the drive does not take.
    INVALID_PRP(0x013, Reaction.BUG, Errno.EIO, "invalid memory address"),
    /// The drive was busy with itself.
    INTERRUPTED(0x021, Reaction.RETRY, Errno.EIO, "command interrupted"),
    /// An address beyond the namespace.
    OUT_OF_RANGE(0x080, Reaction.BUG, Errno.EIO, "block address out of range"),
    /// The drive has no space left behind the namespace.
    CAPACITY_EXCEEDED(0x081, Reaction.BUG, Errno.ENOSPC, "capacity exceeded"),
    /// The namespace is starting up.
    NOT_READY(0x082, Reaction.RETRY, Errno.EIO, "namespace not ready"),
    /// A zone operation that the zone's random write area forbids.
    INVALID_ZONE_OPERATION(0x1B6, Reaction.BUG, Errno.EIO, "invalid zone operation"),
    /// No random write area left.
    NO_RANDOM_WRITE_AREA(0x1B7, Reaction.BUG, Errno.EIO, "no zone random write area left"),
    /// The command does not fit behind the write pointer, or crosses the end of a zone.
    ZONE_BOUNDARY(0x1B8, Reaction.NEXT_ZONE, Errno.ENOSPC, "zone boundary error"),
    /// The zone is full.
    ZONE_FULL(0x1B9, Reaction.NEXT_ZONE, Errno.EINVAL, "zone is full"),
    /// The zone cannot be written any more.
    ZONE_READ_ONLY(0x1BA, Reaction.ZONE_CHANGED, Errno.EROFS, "zone is read-only"),
    /// The zone is lost.
    ZONE_OFFLINE(0x1BB, Reaction.ZONE_CHANGED, Errno.EIO, "zone is offline"),
    /// A write that was not at the write pointer.
    ZONE_INVALID_WRITE(0x1BC, Reaction.BUG, Errno.EIO, "write not at the write pointer"),
    /// The limit of active zones is reached.
    TOO_MANY_ACTIVE(0x1BD, Reaction.FREE_ZONE, Errno.EOVERFLOW, "too many active zones"),
    /// The limit of open zones is reached.
    TOO_MANY_OPEN(0x1BE, Reaction.FREE_ZONE, Errno.ETOOMANYREFS, "too many open zones"),
    /// The zone's state does not allow the operation.
    INVALID_TRANSITION(0x1BF, Reaction.ZONE_CHANGED, Errno.EINVAL, "invalid zone state transition"),
    /// The media could not be written.
    WRITE_FAULT(0x280, Reaction.MEDIA, Errno.EIO, "write fault"),
    /// The media could not be read.
    READ_ERROR(0x281, Reaction.MEDIA, Errno.EIO, "unrecovered read error"),
    /// Blocks that were never written, on a drive that was told to say so.
    UNWRITTEN(0x287, Reaction.MEDIA, Errno.EIO, "deallocated or unwritten block"),
    /// Any error of the path to the drive.
    PATH(0x300, Reaction.RETRY, Errno.EIO, "path error"),
    /// Anything else.
    OTHER(-1, Reaction.UNCERTAIN, Errno.EIO, "unknown status");

    private static final int CODE_MASK = 0x7FF;
    private static final int TYPE_MASK = 0x700;
    private static final int DELAY_SHIFT = 11;
    private static final int DELAY_MASK = 3;
    private static final int DO_NOT_RETRY = 1 << 14;
    private static final NvmeStatus[] ALL = values();

    private final int code;
    private final Reaction reaction;
    private final int errno;
    private final String text;

    NvmeStatus(final int code, final Reaction reaction, final int errno, final String text) {
        this.code = code;
        this.reaction = reaction;
        this.errno = errno;
        this.text = text;
    }

    /// What a status asks for.
    enum Reaction {
        /// Nothing.
        NONE,
        /// The zone takes no such append: another zone.
        NEXT_ZONE,
        /// A zone has to be closed, finished or reset first: appends wait for that.
        FREE_ZONE,
        /// The zone is not in the state it was believed to be in: report it.
        ZONE_CHANGED,
        /// The same command again, perhaps after a delay. An append that failed may have left a hole.
        RETRY,
        /// Nobody knows whether the command took effect: no append to the zone before a report.
        UNCERTAIN,
        /// The media is bad there. An append may go elsewhere; it may have left a hole.
        MEDIA,
        /// The host sent something it must not send.
        BUG
    }

    /// @param status as the kernel returned it, not negative
    static NvmeStatus of(final int status) {
        final int masked = status & CODE_MASK;
        for (final NvmeStatus candidate : ALL) {
            if (candidate.code == masked) {
                return candidate;
            }
        }
        return (masked & TYPE_MASK) == PATH.code ? PATH : OTHER;
    }

    /// Whether the drive says that the same command will fail again.
    static boolean isFinal(final int status) {
        return (status & DO_NOT_RETRY) != 0;
    }

    /// Which of the drive's retry delays applies, 1 to 3, or 0 for none.
    static int delayIndex(final int status) {
        return (status >>> DELAY_SHIFT) & DELAY_MASK;
    }

    /// Name, text and number, for messages.
    static String describe(final int status) {
        final NvmeStatus known = of(status);
        return known.text + " (NVMe status 0x" + Integer.toHexString(status & CODE_MASK)
                + (isFinal(status) ? ", do not retry)" : ")");
    }

    int code() {
        return code;
    }

    Reaction reaction() {
        return reaction;
    }

    /// Positive error number for the result of a command.
    int errno() {
        return errno;
    }

    String text() {
        return text;
    }
}
