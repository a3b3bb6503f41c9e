/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import com.sun.management.OperatingSystemMXBean;
import dev.zapkv.ConfigurationException;
import dev.zapkv.Durability;
import dev.zapkv.Location;
import dev.zapkv.bench.peer.Drive;
import dev.zapkv.io.ZoneRange;
import java.lang.management.ManagementFactory;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import picocli.CommandLine.Option;

/// The options that parent and child share. Values are checked in {@link #settings}.
final class RunOptions {
    private static final long MIB = 1L << 20;
    private static final long GIB = 1L << 30;
    private static final long LARGEST_DEFAULT_MEMORY = 4 * GIB;
    private static final long SMALLEST_MEMORY = 64 * MIB;
    private static final long LARGEST_VALUE = 16 * MIB;
    private static final long MOST_THREADS = 1024;
    private static final long NO_TARGET = 0;

    @Option(
            names = "--workloads",
            split = ",",
            paramLabel = "NAME",
            defaultValue = "load,A,B,C,F,D",
            description = "Phases to report, out of load,A,B,C,F,D; they run in this order, and the load always"
                    + " runs (default: ${DEFAULT-VALUE}).")
    private List<String> workloads = List.of();

    @Option(
            names = "--records",
            paramLabel = "N",
            defaultValue = "300k",
            description = "Records to load; k and m for thousand and million (default: ${DEFAULT-VALUE}).")
    private String records = "";

    @Option(
            names = "--operations",
            paramLabel = "N",
            defaultValue = "300k",
            description = "Operations of each workload after the load (default: ${DEFAULT-VALUE}).")
    private String operations = "";

    @Option(
            names = "--warm-up",
            paramLabel = "N",
            defaultValue = "200k",
            description = "Records and operations before anything is measured, so that the compiler has seen every"
                    + " path; a drive must have room for them; 0 for none (default: ${DEFAULT-VALUE}).")
    private String warmUp = "";

    @Option(
            names = "--value-size",
            paramLabel = "BYTES",
            defaultValue = "1000",
            description = "Bytes of each value (default: ${DEFAULT-VALUE}).")
    private String valueSize = "";

    @Option(
            names = "--threads",
            paramLabel = "N",
            defaultValue = "1",
            description = "Client threads (default: ${DEFAULT-VALUE}).")
    private String threads = "";

    @Option(
            names = "--durability",
            paramLabel = "LEVEL",
            defaultValue = "process",
            description = {
                "What a write has survived when it returns (default: ${DEFAULT-VALUE}):",
                "  process: the process being killed; RocksDB: sync=false",
                "  device: handed to the device; RocksDB has no such level and runs with sync=true, which also"
                        + " flushes the device's cache",
                "  flushed: power loss; RocksDB: sync=true"
            })
    private String durability = "";

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            description = "Memory budget of an engine, such as 512m or 4g: index and cache of zapkv, block cache and"
                    + " memtables of RocksDB (default: 4g, at most a quarter of the machine's memory).")
    private String memory = "";

    @Option(
            names = "--target",
            paramLabel = "OPS",
            description =
                    "Open loop: start this many operations a second, whatever the engine does; latency counts from"
                            + " the intended start. Without it each operation starts when the one before is done.")
    private String target = "";

    @Option(
            names = "--device",
            paramLabel = "DRIVE",
            description = "Measure zapkv on a zoned drive, such as nvme:/dev/ng0n1, zbd:/dev/nvme0n1 or"
                    + " zonefs:/mnt/zones, instead of a directory. What its zones hold is erased.")
    private String device = "";

    @Option(
            names = "--zones",
            paramLabel = "RANGE",
            description = "The zones of the drive to use and erase, for example 0-63 (default: all).")
    private String zones = "";

    @Option(
            names = "--seed",
            paramLabel = "N",
            defaultValue = "42",
            description = "Seed of keys, values and choices (default: ${DEFAULT-VALUE}).")
    private String seed = "";

    /// The checked values; an {@link IllegalArgumentException} says what is wrong with which option.
    RunSettings settings() {
        return new RunSettings(
                workloads(),
                Quantity.count("--records", records, 1, Integer.MAX_VALUE),
                Quantity.count("--operations", operations, 1, Integer.MAX_VALUE),
                Quantity.count("--warm-up", warmUp, 0, Integer.MAX_VALUE),
                (int) Quantity.bytes("--value-size", valueSize, 1, LARGEST_VALUE),
                (int) Quantity.count("--threads", threads, 1, MOST_THREADS),
                durability(),
                memoryBytes(),
                target.isEmpty() ? NO_TARGET : Quantity.count("--target", target, 1, Integer.MAX_VALUE),
                drive(),
                Quantity.whole("--seed", seed));
    }

    /// The same options as a command line for a child process, every default spelled out.
    static List<String> arguments(final RunSettings settings) {
        final List<String> arguments = new ArrayList<>(List.of(
                "--workloads",
                String.join(
                        ",",
                        settings.workloads().stream()
                                .map(WorkloadKind::toString)
                                .toList()),
                "--records",
                Long.toString(settings.records()),
                "--operations",
                Long.toString(settings.operations()),
                "--warm-up",
                Long.toString(settings.warmUp()),
                "--value-size",
                Integer.toString(settings.valueSize()),
                "--threads",
                Integer.toString(settings.threads()),
                "--durability",
                settings.durabilityName(),
                "--memory",
                Long.toString(settings.memoryBytes()),
                "--seed",
                Long.toString(settings.seed())));
        if (settings.drive() != null) {
            arguments.addAll(List.of(
                    "--device", settings.drive().location().toString(),
                    "--zones", settings.drive().zones().toString()));
        }
        if (settings.target() != NO_TARGET) {
            arguments.addAll(List.of("--target", Long.toString(settings.target())));
        }
        return arguments;
    }

    private List<WorkloadKind> workloads() {
        final List<WorkloadKind> chosen = new ArrayList<>();
        for (final WorkloadKind kind : WorkloadKind.values()) {
            for (final String name : workloads) {
                if (WorkloadKind.named(name.strip()) == kind && !chosen.contains(kind)) {
                    chosen.add(kind);
                }
            }
        }
        return List.copyOf(chosen);
    }

    private Drive drive() {
        if (device.isEmpty()) {
            if (!zones.isEmpty()) {
                throw new IllegalArgumentException("--zones names zones of a drive: say which with --device");
            }
            return null;
        }
        final Location location;
        try {
            location = Location.parse(device);
        } catch (final ConfigurationException e) {
            throw new IllegalArgumentException("--device " + e.getMessage(), e);
        }
        if (!location.isDrive()) {
            throw new IllegalArgumentException("--device " + device
                    + " is no drive: write nvme:/dev/ng0n1, zbd:/dev/nvme0n1 or zonefs:/mnt/zones");
        }
        return new Drive(location, zones.isEmpty() ? ZoneRange.ALL : ZoneRange.parse(zones));
    }

    private Durability durability() {
        try {
            return Durability.valueOf(durability.toUpperCase(Locale.ROOT));
        } catch (final IllegalArgumentException e) {
            throw new IllegalArgumentException(
                    "--durability is process, device or flushed, not '" + durability + "'", e);
        }
    }

    private long memoryBytes() {
        final long physical =
                ((OperatingSystemMXBean) ManagementFactory.getOperatingSystemMXBean()).getTotalMemorySize();
        return memory.isEmpty()
                ? Math.max(SMALLEST_MEMORY, Math.min(LARGEST_DEFAULT_MEMORY, physical / 4))
                : Quantity.bytes("--memory", memory, SMALLEST_MEMORY, physical);
    }
}
