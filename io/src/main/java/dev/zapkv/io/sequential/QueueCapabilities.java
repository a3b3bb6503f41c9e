/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sequential;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.linux.SysfsDirectory;
import java.util.List;

/// What the queue of a disk says of it, and what every backend on it has in common.
public final class QueueCapabilities {
    private static final String UNKNOWN = "unknown";

    private QueueCapabilities() {}

    /// Whether completed appends may be lost by a power failure; yes if the kernel does not tell.
    public static boolean hasVolatileCache(final SysfsDirectory queue) {
        return !queue.text("write_cache", UNKNOWN).equals("write through");
    }

    /// Cache, scheduler, durable writes.
    public static List<Capability> of(final SysfsDirectory queue) {
        final boolean fua = queue.number("fua", 0, 1, 0) == 1;
        final boolean cached = hasVolatileCache(queue);
        return List.of(
                new Capability(
                        "write-cache",
                        queue.text("write_cache", UNKNOWN),
                        queue.path() + "/write_cache",
                        cached ? "flushed by fdatasync" : ""),
                new Capability(
                        "durable-append",
                        fua || !cached ? "yes" : "with a flush",
                        queue.path() + "/fua",
                        fua || !cached ? "" : "the kernel flushes the drive's cache after the write"),
                new Capability("scheduler", queue.choice("scheduler", UNKNOWN), queue.path() + "/scheduler", ""));
    }
}
