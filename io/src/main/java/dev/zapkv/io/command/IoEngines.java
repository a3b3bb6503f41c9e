/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.DeviceException;
import java.util.function.IntFunction;

/// Chooses how commands get to the kernel.
public final class IoEngines {
    private IoEngines() {}

    /// Opens the engine that was asked for.
    ///
    /// @param slots commands that may be in flight
    /// @throws DeviceException if io_uring is demanded and cannot be used
    public static IoEngine open(final AsyncIo wanted, final int slots) {
        return switch (wanted.conclude()) {
            case THREADS -> new ThreadEngine(slots, "").start();
            case IO_URING -> demandRing(slots);
            case AUTO -> prefer(RingEngine::open, slots);
        };
    }

    private static IoEngine demandRing(final int slots) {
        try {
            return RingEngine.open(slots);
        } catch (final DeviceException e) {
            throw new DeviceException(
                    "io_uring was demanded and cannot be used: " + e.getMessage()
                            + "; allow it (sysctl kernel.io_uring_disabled, seccomp profile, memory-lock limit) or set "
                            + AsyncIo.PROPERTY + "=threads",
                    e.errno(),
                    e);
        }
    }

    /// Takes io_uring if it works, else threads.
    ///
    /// @param ring opens an engine over io_uring for so many slots, or throws why not
    public static IoEngine prefer(final IntFunction<IoEngine> ring, final int slots) {
        try {
            return ring.apply(slots);
        } catch (final DeviceException e) {
            // Same semantics without it; the reason is reported with the capabilities.
            return new ThreadEngine(slots, e.getMessage()).start();
        }
    }
}
