/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.linux;

import dev.zapkv.io.DeviceException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;

/// What {@code statfs(2)} says: {@code struct statfs} of 64-bit Linux begins with two longs.
///
/// @param type      magic number of the kind of file system
/// @param blockSize its block
public record FileSystemStatus(long type, long blockSize) {
    /// Magic number of zonefs.
    public static final long ZONEFS = 0x5A4F4653L;

    private static final int LENGTH = 256;

    /// Asks the kernel.
    ///
    /// @throws DeviceException with the errno
    public static FileSystemStatus of(final Path path) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment status = arena.allocate(LENGTH, Long.BYTES);
            final int result = Libc.statfs(path.toString(), status.address());
            if (result < 0) {
                throw new DeviceException(
                        "cannot look at the file system of " + path + ": " + Errno.describe(-result), -result);
            }
            return new FileSystemStatus(
                    status.get(ValueLayout.JAVA_LONG, 0), status.get(ValueLayout.JAVA_LONG, Long.BYTES));
        }
    }
}
