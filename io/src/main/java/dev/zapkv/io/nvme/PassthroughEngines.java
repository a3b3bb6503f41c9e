/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.DeviceException;
import java.lang.foreign.MemorySegment;

/// Chooses how commands get to the driver.
final class PassthroughEngines {
    private PassthroughEngines() {}

    /// @throws DeviceException if io_uring is demanded and cannot be used
    static PassthroughEngine open(
            final AsyncIo wanted, final int fd, final MemorySegment commands, final int slots, final Drive drive) {
        return switch (wanted.conclude()) {
            case THREADS -> new IoctlEngine(fd, commands, slots, "").start();
            case IO_URING -> demandRing(fd, commands, slots, drive);
            case AUTO -> preferRing(fd, commands, slots, drive);
        };
    }

    private static PassthroughEngine demandRing(
            final int fd, final MemorySegment commands, final int slots, final Drive drive) {
        try {
            return RingPassthrough.open(fd, commands, slots, drive);
        } catch (final DeviceException e) {
            throw new DeviceException(
                    "io_uring was demanded and cannot be used: " + e.getMessage()
                            + "; allow it (sysctl kernel.io_uring_disabled, seccomp profile, memory-lock limit) or set "
                            + AsyncIo.PROPERTY + "=threads",
                    e.errno(),
                    e);
        }
    }

    private static PassthroughEngine preferRing(
            final int fd, final MemorySegment commands, final int slots, final Drive drive) {
        try {
            return RingPassthrough.open(fd, commands, slots, drive);
        } catch (final DeviceException e) {
            // Same semantics without it; the reason is reported with the capabilities.
            return new IoctlEngine(fd, commands, slots, e.getMessage()).start();
        }
    }
}
