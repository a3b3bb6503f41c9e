/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import dev.zapkv.StoreFailedException;
import dev.zapkv.io.sim.SimCrash;
import java.nio.file.Path;
import java.util.SplittableRandom;

/// One history: a store over a simulated device is written to, read, collected, closed, killed and cut off from power,
/// on one thread. The seed decides everything: the device's geometry and behaviour, the workload, the faults, and where
/// the crashes fall, in the middle of recoveries too. After each opening the whole content is compared with the {@link
/// Model}, and the store's accounts with the {@link LogAudit}. There is at least one crash.
final class Simulation {
    private static final int TORN_WRITE_PER = 200;
    private static final int HASTY_CALLS = 24;
    private static final int FORMAT_PER = 1500;

    private final Setup setup;
    private final Trace trace = new Trace();
    private final Figures figures = new Figures();
    private final SplittableRandom crashRandom;
    private final Model model;
    private final StoreLife life;
    private final Faults faults;
    private final StoreCheck check;
    private final Workload workload;
    private int step;

    /// @param steps     length of the history, or {@link Setup#MIXED_STEPS}
    /// @param directory for staging files, empty
    Simulation(final long seed, final int steps, final Drive drive, final Path directory) {
        setup = new Setup(seed, drive, steps);
        crashRandom = setup.crashRandom;
        model = new Model(setup.keys.length);
        life = new StoreLife(setup, directory, trace, figures);
        faults = new Faults(setup, life, model, trace, figures);
        check = new StoreCheck(setup, life, faults, model, trace, figures);
        workload = new Workload(setup, life, faults, check, model, trace);
    }

    /// Runs to the end.
    ///
    /// @return hash of all that happened
    /// @throws AssertionError with the seed, if the store did what it must not
    long run() {
        figures.histories++;
        try {
            if (setup.mayBeFormatted() && setup.faultRandom.nextInt(4) == 0) {
                life.format();
            }
            open();
            for (step = 0; step < setup.steps && !life.isOver(); step++) {
                step();
            }
            if (!life.isOver()) {
                end();
            }
        } catch (final AssertionError | RuntimeException e) {
            throw new AssertionError(
                    "seed " + setup.seed + " on " + setup.drive.label() + ", step " + step + " of " + setup.steps + ", "
                            + figures.crashes + " crashes, " + setup + ": " + e.getMessage(),
                    e);
        } finally {
            figures.steps += step;
            figures.crashHistories += figures.crashes > 0 ? 1 : 0;
        }
        return trace.hash();
    }

    /// What happened so far.
    Figures figures() {
        return figures;
    }

    private void open() {
        life.open(setup.faultRandom.nextInt(4) == 0);
        if (!life.isOver()) {
            check.recovered();
        }
    }

    private void recover() {
        recover(() -> {});
    }

    private void recover(final Runnable afterDeath) {
        life.recover(afterDeath);
        if (!life.isOver()) {
            check.recovered();
            if (setup.drive == Drive.HASTY && crashRandom.nextBoolean()) {
                life.armCrash(1 + crashRandom.nextInt(HASTY_CALLS), SimCrash.POWER);
            }
        }
    }

    /// A last crash, if there was none or by chance; then the store is closed and opened once more, and closed.
    private void end() {
        life.disarm();
        if (figures.crashes == 0 || setup.faultRandom.nextBoolean()) {
            life.device().crashNow(setup.faultRandom.nextBoolean() ? SimCrash.POWER : SimCrash.PROCESS, crashRandom);
            recover();
        }
        for (int closed = 0; closed < 2 && !life.isOver(); ) {
            life.disarm();
            if (setup.faultRandom.nextInt(4) == 0) {
                life.armCrash(
                        1 + setup.faultRandom.nextInt(64),
                        setup.faultRandom.nextBoolean() ? SimCrash.POWER : SimCrash.PROCESS);
            }
            if (survives(this::close)) {
                closed++;
                if (closed < 2) {
                    open();
                }
            }
        }
    }

    private void step() {
        life.device().operation();
        faults.strike();
        if (workload.chance(setup.crashesPerThousand)) {
            life.armCrash(
                    1 + crashRandom.nextInt(1 << (1 + crashRandom.nextInt(9))),
                    crashRandom.nextInt(3) == 0 ? SimCrash.POWER : SimCrash.PROCESS);
        }
        if (workload.chance(setup.crashesPerThousand) && crashRandom.nextInt(4) == 0) {
            life.device().crashNow(crashRandom.nextBoolean() ? SimCrash.POWER : SimCrash.PROCESS, crashRandom);
            recover();
            return;
        }
        if (setup.faultRandom.nextInt(TORN_WRITE_PER) == 0) {
            tearWrite();
            return;
        }
        survives(() -> {
            if (workload.chance(2)) {
                close();
                if (!life.crashed()) {
                    open();
                }
            } else if (setup.mayBeFormatted() && setup.faultRandom.nextInt(FORMAT_PER) == 0) {
                format();
            } else {
                workload.operation();
            }
        });
    }

    /// The process dies in the middle of a write.
    private void tearWrite() {
        life.disarm();
        survives(() -> {
            final int records = workload.beginWrite();
            if (records > 0) {
                life.device().crashNow(SimCrash.PROCESS, crashRandom);
                final int missing = 1 + setup.faultRandom.nextInt(records);
                recover(() -> StagingTear.tear(life.stagingFile(), records, missing));
            }
        });
    }

    private void format() {
        close();
        if (!life.crashed()) {
            life.format();
            model.erase();
            faults.erased();
            open();
        }
    }

    /// Does something on the open store; if the store crashes meanwhile, opens it again.
    ///
    /// @return whether it did not crash
    private boolean survives(final Runnable action) {
        try {
            action.run();
        } catch (final Throwable t) {
            if (!life.crashed()) {
                if (!(t instanceof StoreFailedException && life.isStruck())) {
                    throw t;
                }
                endAfterFailure();
                return false;
            }
        }
        if (life.crashed()) {
            recover();
            return false;
        }
        return true;
    }

    /// The device failed: the store takes no more writes, and has everything that was acknowledged when it is opened
    /// again.
    private void endAfterFailure() {
        life.disarm();
        workload.afterFailure();
        if (setup.faultRandom.nextInt(3) == 0) {
            life.device().crashNow(SimCrash.POWER, crashRandom);
            recover();
        } else {
            life.close(workload.mayBeFull());
            open();
        }
    }

    private void close() {
        life.close(workload.mayBeFull());
        if (!life.crashed() && life.cleanEnd()) {
            model.flushed();
        }
    }
}
