/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import java.lang.foreign.Arena;
import java.nio.file.Path;

/// Finds out whether the file system takes direct I/O in units of the block, by reading the identity file
/// that way. Writes nothing.
final class DirectIoProbe {
    private DirectIoProbe() {}

    /// @throws DeviceException if direct I/O is demanded and refused
    static boolean probe(final Path directory, final ZoneGeometry geometry, final DirectIo wanted) {
        if (wanted == DirectIo.OFF) {
            return false;
        }
        final int result = tryRead(directory.resolve(DeviceIdentity.FILE_NAME), geometry.blockSize());
        if (result < 0 && wanted == DirectIo.REQUIRED) {
            throw new DeviceException(
                    "direct I/O was demanded, but the file system of " + directory + " refuses it with blockSize="
                            + geometry.blockSize() + ": " + Errno.describe(-result)
                            + "; use another file system, a larger block, or do not demand it",
                    -result);
        }
        return result >= 0;
    }

    private static int tryRead(final Path file, final int blockSize) {
        final int fd = Libc.open(file.toString(), Libc.O_RDONLY | Libc.O_DIRECT | Libc.O_CLOEXEC, 0);
        if (fd < 0) {
            return fd;
        }
        try (Arena arena = Arena.ofConfined()) {
            return (int) Libc.pread(fd, arena.allocate(blockSize, blockSize).address(), blockSize, 0);
        } finally {
            Libc.close(fd);
        }
    }
}
