/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

import java.util.Locale;

/// How commands get to the kernel.
public enum AsyncIo {
    /// What the system property {@value #PROPERTY} says; else io_uring where it works, else threads. What is
    /// missing is reported in the capabilities.
    AUTO,
    /// io_uring or an error.
    IO_URING,
    /// A small pool of threads with positional reads and writes.
    THREADS;

    /// Name of the system property that decides for {@link #AUTO}: {@code auto}, {@code io_uring} or {@code
    /// threads}.
    public static final String PROPERTY = "zapkv.io.async";

    /// Replaces {@link #AUTO} by what the system property says.
    public AsyncIo conclude() {
        final String value = System.getProperty(PROPERTY, "auto");
        if (this != AUTO) {
            return this;
        }
        return switch (value.toLowerCase(Locale.ROOT)) {
            case "auto" -> AUTO;
            case "io_uring" -> IO_URING;
            case "threads" -> THREADS;
            default ->
                throw new IllegalArgumentException(
                        "system property " + PROPERTY + "=" + value + " is none of auto, io_uring, threads");
        };
    }
}
