/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.io.DeviceCounters;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// The table for people.
final class ResultTable {
    private static final String NOT_APPLICABLE = "-";
    private static final double MIB = 1 << 20;
    private static final List<String> HEADER = List.of(
            "workload",
            "engine",
            "ops/s",
            "min..max",
            "ratio",
            "mean",
            "p50",
            "p99",
            "p99.9",
            "max",
            "cpu/op",
            "w-amp",
            "s-amp",
            "RSS MiB");
    private static final String UNITS =
            "Latencies and cpu/op in microseconds; cpu/op is the whole process, background work"
                    + " included.\n"
                    + "w-amp: bytes written to storage / user bytes; s-amp: allocated bytes / live user bytes.";

    private ResultTable() {}

    static String render(final Comparison comparison) {
        final List<List<String>> rows = new ArrayList<>();
        rows.add(HEADER);
        WorkloadKind previous = null;
        for (final Summary summary : comparison.summaries()) {
            rows.add(row(summary, comparison.ratio(summary), summary.workload() != previous));
            previous = summary.workload();
        }
        return align(rows) + UNITS + "\n" + ratioLine(comparison) + appendLines(comparison);
    }

    /// What the device of an engine did, where it counts that.
    private static String appendLines(final Comparison comparison) {
        final StringBuilder lines = new StringBuilder();
        for (final Summary summary : comparison.summaries()) {
            final DeviceCounters device = summary.device();
            if (device.appends() > 0) {
                lines.append(String.format(
                        Locale.ROOT,
                        "%s %s: %,.0f appends/s of %,d bytes on average, %,d reordered, %,d MiB in place, %,d MiB copied%n",
                        summary.workload(),
                        summary.engine(),
                        summary.appendsPerSec(),
                        device.appendedBytes() / device.appends(),
                        device.reorderedCompletions(),
                        device.bytesInPlace() >> 20,
                        device.bytesCopied() >> 20));
            }
        }
        return lines.toString();
    }

    private static String ratioLine(final Comparison comparison) {
        return comparison
                .peer()
                .map(peer -> "ratio: operations per second divided by those of " + peer + ".\n")
                .orElse("");
    }

    private static List<String> row(final Summary summary, final double ratio, final boolean firstOfWorkload) {
        return List.of(
                firstOfWorkload ? summary.workload().toString() : "",
                summary.engine().toString(),
                number(summary.opsPerSec(), "%,.0f"),
                rate(summary.opsPerSecMin()) + ".." + rate(summary.opsPerSecMax()),
                number(ratio, "%.1fx"),
                microseconds(summary.meanUs()),
                microseconds(summary.p50Us()),
                microseconds(summary.p99Us()),
                microseconds(summary.p999Us()),
                microseconds(summary.maxUs()),
                number(summary.cpuUsPerOp(), "%.2f"),
                number(summary.writeAmplification(), "%.2f"),
                number(summary.spaceAmplification(), "%.2f"),
                number(summary.peakRssBytes() / MIB, "%,.0f"));
    }

    private static String rate(final double operationsPerSecond) {
        return operationsPerSecond < 10_000
                ? number(operationsPerSecond, "%.0f")
                : number(operationsPerSecond / 1000, "%.0fk");
    }

    private static String microseconds(final double value) {
        return number(value, value < 100 ? "%.2f" : "%,.0f");
    }

    private static String number(final double value, final String format) {
        return Double.isNaN(value) ? NOT_APPLICABLE : String.format(Locale.ROOT, format, value);
    }

    /// Names to the left, numbers to the right.
    private static String align(final List<List<String>> rows) {
        final int columns = HEADER.size();
        final int[] widths = new int[columns];
        for (final List<String> row : rows) {
            for (int column = 0; column < columns; column++) {
                widths[column] = Math.max(widths[column], row.get(column).length());
            }
        }
        final StringBuilder table = new StringBuilder();
        for (final List<String> row : rows) {
            final StringBuilder line = new StringBuilder();
            for (int column = 0; column < columns; column++) {
                final String padding =
                        " ".repeat(widths[column] - row.get(column).length());
                final boolean left = column < 2;
                line.append(column == 0 ? "" : "  ")
                        .append(left ? "" : padding)
                        .append(row.get(column))
                        .append(left ? padding : "");
            }
            table.append(line.toString().stripTrailing()).append('\n');
        }
        return table.toString();
    }
}
