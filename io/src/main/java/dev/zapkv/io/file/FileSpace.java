/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import java.lang.foreign.Arena;

/// Space on a file system that is had before it is needed.
final class FileSpace {
    private static final long FILL_BYTES = 1 << 20;

    private FileSpace() {}

    /// Reserves the space of a file. On a file system that has no call for it: by writing zeros, unless the
    /// file has the length already.
    ///
    /// @return 0 or {@code -errno}
    static int reserve(final int fd, final long length) {
        final int result = Libc.fallocate(fd, 0, 0, length);
        return result == -Errno.EOPNOTSUPP ? fill(fd, Libc.lseek(fd, 0, Libc.SEEK_END), length) : result;
    }

    /// Whether a result says that there is no space, or none for this user.
    static boolean isFull(final int result) {
        return result == -Errno.ENOSPC || result == -Errno.EDQUOT;
    }

    static int fill(final int fd, final long from, final long length) {
        try (Arena arena = Arena.ofConfined()) {
            final long zeros = arena.allocate(FILL_BYTES).address();
            for (long at = from; at < length; ) {
                final long result = Libc.pwrite(fd, zeros, Math.min(FILL_BYTES, length - at), at);
                if (result < 0 && result != -Errno.EINTR) {
                    return (int) result;
                }
                at += Math.max(0, result);
            }
            return 0;
        }
    }
}
