/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.DeviceException;
import java.util.function.Function;
import java.util.function.Supplier;

/// Chooses how commands get to the kernel.
public final class IoEngines {
    private IoEngines() {}

    /// Opens the engine for positional reads and writes that was asked for.
    ///
    /// @param slots commands that may be in flight
    /// @throws DeviceException if io_uring is demanded and cannot be used
    public static IoEngine open(final AsyncIo wanted, final int slots) {
        return choose(wanted, () -> RingEngine.open(slots), reason -> ThreadEngine.open(slots, reason));
    }

    /// Takes io_uring if it works or is demanded, else threads.
    ///
    /// @param ring    opens an engine over io_uring, or throws why not
    /// @param threads opens an engine over threads, for a reason
    /// @throws DeviceException if io_uring is demanded and cannot be used
    public static <E> E choose(
            final AsyncIo wanted,
            final Supplier<? extends E> ring,
            final Function<? super String, ? extends E> threads) {
        final AsyncIo way = wanted.conclude();
        if (way == AsyncIo.THREADS) {
            return threads.apply("");
        }
        try {
            return ring.get();
        } catch (final DeviceException e) {
            if (way == AsyncIo.IO_URING) {
                throw new DeviceException(
                        "io_uring was demanded and cannot be used: " + e.getMessage()
                                + "; allow it (sysctl kernel.io_uring_disabled, seccomp profile, memory-lock limit)"
                                + " or set " + AsyncIo.PROPERTY + "=threads",
                        e.errno(),
                        e);
            }
            // Same semantics without it; the reason is reported with the capabilities.
            return threads.apply(e.getMessage());
        }
    }

    /// Which engine is in use, and why.
    public static Capability capability(final CommandEngine engine, final AsyncIo wanted) {
        return new Capability(
                "asynchronous-io",
                engine.description(),
                wanted + ", " + AsyncIo.PROPERTY + "=" + System.getProperty(AsyncIo.PROPERTY, "auto"),
                engine instanceof CommandThreads ? "blocking calls on threads" : "");
    }
}
