/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

/// A device refused or failed an operation. The message says what happened, to which object, and what to do.
public class DeviceException extends RuntimeException {
    /// No such file or directory.
    public static final int ENOENT = 2;
    /// I/O error.
    public static final int EIO = 5;
    /// Operation not permitted.
    public static final int EPERM = 1;
    /// Permission denied.
    public static final int EACCES = 13;
    /// Device or resource busy.
    public static final int EBUSY = 16;
    /// No space left on device.
    public static final int ENOSPC = 28;
    /// Read-only file system.
    public static final int EROFS = 30;
    /// Operation cancelled.
    public static final int ECANCELED = 125;

    private static final long serialVersionUID = 1L;

    private final int errno;

    /// @param errno positive error number, 0 if none applies
    public DeviceException(final String message, final int errno) {
        super(message);
        this.errno = errno;
    }

    /// @param errno positive error number, 0 if none applies
    public DeviceException(final String message, final int errno, final Throwable cause) {
        super(message, cause);
        this.errno = errno;
    }

    /// The system's error number, positive, or 0.
    public final int errno() {
        return errno;
    }
}
