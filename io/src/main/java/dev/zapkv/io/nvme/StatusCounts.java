/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.Capabilities.Capability;
import java.util.ArrayList;
import java.util.EnumMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.concurrent.atomic.AtomicLong;

/// Counts the statuses with which commands failed, for whoever wants to know what the errors of a device were. Any
/// thread.
final class StatusCounts {
    private final Map<NvmeStatus, AtomicLong> counts = new EnumMap<>(NvmeStatus.class);

    StatusCounts() {
        for (final NvmeStatus status : NvmeStatus.values()) {
            counts.put(status, new AtomicLong());
        }
    }

    void count(final NvmeStatus status) {
        counts.get(status).incrementAndGet();
    }

    /// Each status seen, with how often.
    List<Capability> capabilities() {
        final List<Capability> seen = new ArrayList<>();
        counts.forEach((status, count) -> {
            if (count.get() > 0) {
                final String name =
                        status == NvmeStatus.OTHER ? "other" : String.format(Locale.ROOT, "%03x", status.code());
                seen.add(new Capability(
                        "status-" + name, count.toString(), "results of commands: " + status.text(), ""));
            }
        });
        return seen;
    }
}
