/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.bench.ScratchDirectory;
import dev.zapkv.bench.peer.EngineConfig;
import dev.zapkv.bench.peer.EngineKind;
import dev.zapkv.bench.peer.KvEngine;
import dev.zapkv.io.DeviceCounters;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// All phases of one engine on one database directory, in this process: a warm-up on a scratch database, the load,
/// then the workloads. What an engine still does in the background after a phase belongs to that phase's processor
/// time and device bytes, but not to its operations per second; the next phase starts with the engine at rest.
final class EngineRun {
    private static final List<WorkloadKind> WARM_UP = List.of(WorkloadKind.LOAD, WorkloadKind.F, WorkloadKind.D);

    private final EngineKind kind;
    private final RunSettings settings;
    private final Path directory;
    private final Path sharedMemory;
    private final Phase.Listener listener;
    private final LongSupplier clock;
    private final SeededThread seededThread = new SeededThread();
    private final ProcessMeter meter = new ProcessMeter();

    EngineRun(
            final EngineKind kind,
            final RunSettings settings,
            final Path directory,
            final Path sharedMemory,
            final LongSupplier clock,
            final Phase.Listener listener) {
        this.kind = kind;
        this.settings = settings;
        this.directory = directory;
        this.sharedMemory = sharedMemory;
        this.clock = clock;
        this.listener = listener;
    }

    /// Runs everything; results are handed out as they come.
    void run(final Consumer<PhaseResult> results) {
        warmUp();
        MachineMemory.touch(2 * settings.records() * settings.valueSize());
        final DataDirectory data = new DataDirectory(create("data"));
        try (KvEngine engine = open(data.path())) {
            final Phase phase = new Phase(engine, settings, seededThread, clock, listener);
            long liveBytes = 0;
            for (final WorkloadKind workload : WorkloadKind.values()) {
                if (workload == WorkloadKind.LOAD || settings.workloads().contains(workload)) {
                    final PhaseResult result = measure(engine, phase, workload, data, liveBytes);
                    liveBytes = result.resources().liveBytes();
                    if (settings.workloads().contains(workload)) {
                        results.accept(result);
                    }
                }
            }
        }
    }

    /// The compiler has seen every path of driver and engine before anything counts.
    private void warmUp() {
        if (settings.warmUp() == 0) {
            return;
        }
        final Path scratch = create("warm-up");
        final RunSettings scaled = settings.ofWarmUp(WARM_UP);
        try (KvEngine engine = open(scratch)) {
            final Phase phase = new Phase(engine, scaled, seededThread, clock, (workload, done, total, rate) -> {});
            WARM_UP.forEach(phase::run);
        } catch (final PhaseFailedException e) {
            throw new PhaseFailedException("in the warm-up, whose size is --warm-up, " + e.getMessage(), e);
        }
        ScratchDirectory.delete(scratch);
    }

    private PhaseResult measure(
            final KvEngine engine,
            final Phase phase,
            final WorkloadKind workload,
            final DataDirectory data,
            final long liveBytesBefore) {
        meter.resetPeakRss();
        final long cpuBefore = meter.cpuNs();
        final long deviceBefore = meter.deviceBytes();
        final long engineBefore = engine.deviceBytesWritten();
        final DeviceCounters countersBefore = engine.deviceCounters();
        final PhaseOutcome outcome = phase.run(workload);
        final long endedNs = clock.getAsLong();
        engine.settle();
        final long settleNs = clock.getAsLong() - endedNs;
        final long cpuNs = meter.cpuNs() - cpuBefore;
        final long engineAfter = engine.deviceBytesWritten();
        data.sync();
        // Passthrough commands are no writes of the process to the kernel.
        final boolean onDrive = settings.drive() != null;
        final Resources resources = new Resources(
                cpuNs,
                settleNs,
                onDrive ? engineAfter - engineBefore : meter.deviceBytes() - deviceBefore,
                engineAfter < 0 ? -1 : engineAfter - engineBefore,
                outcome.userBytes(),
                onDrive ? engine.driveBytesUsed() : data.allocatedBytes(),
                liveBytesBefore + outcome.insertedBytes(),
                meter.peakRssBytes(),
                difference(engine.deviceCounters(), countersBefore));
        return new PhaseResult(
                workload, outcome.operations(), outcome.elapsedNs(), outcome.latency(), resources, engine.version());
    }

    private static DeviceCounters difference(final DeviceCounters after, final DeviceCounters before) {
        return new DeviceCounters(
                after.appends() - before.appends(),
                after.appendedBytes() - before.appendedBytes(),
                after.bytesInPlace() - before.bytesInPlace(),
                after.bytesCopied() - before.bytesCopied(),
                after.reorderedCompletions() - before.reorderedCompletions(),
                after.maxInFlightPerZone());
    }

    private KvEngine open(final Path data) {
        return kind.open(
                new EngineConfig(data, settings.drive(), sharedMemory, settings.memoryBytes(), settings.durability()));
    }

    private Path create(final String name) {
        try {
            return Files.createDirectory(directory.resolve(name));
        } catch (final IOException e) {
            throw new UncheckedIOException("cannot create " + directory.resolve(name), e);
        }
    }
}
