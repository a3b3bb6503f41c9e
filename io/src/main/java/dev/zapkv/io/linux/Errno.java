/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.linux;

/// Error numbers of Linux, and their names for messages. The same on every architecture Java runs on.
public final class Errno {
    /// Operation not permitted.
    public static final int EPERM = 1;
    /// Interrupted system call.
    public static final int EINTR = 4;
    /// I/O error.
    public static final int EIO = 5;
    /// No such file or directory.
    public static final int ENOENT = 2;
    /// Try again.
    public static final int EAGAIN = 11;
    /// Out of memory.
    public static final int ENOMEM = 12;
    /// Permission denied.
    public static final int EACCES = 13;
    /// Bad address; here: not within a registered buffer.
    public static final int EFAULT = 14;
    /// Resource busy.
    public static final int EBUSY = 16;
    /// File exists.
    public static final int EEXIST = 17;
    /// Invalid argument.
    public static final int EINVAL = 22;
    /// Not a typewriter; here: the driver does not know the command.
    public static final int ENOTTY = 25;
    /// No space left on device.
    public static final int ENOSPC = 28;
    /// Read-only file system; here: a read-only zone.
    public static final int EROFS = 30;
    /// Function not implemented.
    public static final int ENOSYS = 38;
    /// Timer expired.
    public static final int ETIME = 62;
    /// Value too large; here: the limit of active zones is reached.
    public static final int EOVERFLOW = 75;
    /// Operation not supported.
    public static final int EOPNOTSUPP = 95;
    /// Too many references; here: the limit of open zones is reached.
    public static final int ETOOMANYREFS = 109;
    /// Quota exceeded.
    public static final int EDQUOT = 122;
    /// Operation cancelled.
    public static final int ECANCELED = 125;

    private Errno() {}

    /// Name and number, such as {@code ENOSPC (28)}.
    ///
    /// @param errno positive error number
    public static String describe(final int errno) {
        return name(errno) + " (" + errno + ")";
    }

    private static String name(final int errno) {
        return switch (errno) {
            case EPERM -> "EPERM";
            case ENOENT -> "ENOENT";
            case EINTR -> "EINTR";
            case EIO -> "EIO";
            case 6 -> "ENXIO";
            case 9 -> "EBADF";
            case EAGAIN -> "EAGAIN";
            case ENOMEM -> "ENOMEM";
            case EACCES -> "EACCES";
            case EFAULT -> "EFAULT";
            case EBUSY -> "EBUSY";
            case EEXIST -> "EEXIST";
            case 20 -> "ENOTDIR";
            case EINVAL -> "EINVAL";
            case 23 -> "ENFILE";
            case 24 -> "EMFILE";
            case ENOTTY -> "ENOTTY";
            case 27 -> "EFBIG";
            case ENOSPC -> "ENOSPC";
            case EROFS -> "EROFS";
            case ENOSYS -> "ENOSYS";
            case 40 -> "ELOOP";
            case 53 -> "EBADR";
            case ETIME -> "ETIME";
            case EOVERFLOW -> "EOVERFLOW";
            case 77 -> "EBADFD";
            case EOPNOTSUPP -> "EOPNOTSUPP";
            case ETOOMANYREFS -> "ETOOMANYREFS";
            case 114 -> "EALREADY";
            case 116 -> "ESTALE";
            case 122 -> "EDQUOT";
            case ECANCELED -> "ECANCELED";
            case 130 -> "EOWNERDEAD";
            default -> "errno";
        };
    }
}
