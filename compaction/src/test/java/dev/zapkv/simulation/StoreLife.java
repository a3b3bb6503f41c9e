/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import dev.zapkv.Context;
import dev.zapkv.Durability;
import dev.zapkv.FormatException;
import dev.zapkv.ZapKv;
import dev.zapkv.ZapKvException;
import dev.zapkv.io.sim.SimCrash;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimZoneDevice;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/// The lives of a store: it is made, opened, closed, killed, cut off from power and opened again, as often as it takes.
/// Keeps what the next opening has to be judged by.
final class StoreLife {
    private static final long MEMORY_BYTES = 32L << 20;
    private static final int DISTANT = Integer.MAX_VALUE;

    private final Setup setup;
    private final Path directory;
    private final Trace trace;
    private final Figures figures;
    private final SplittableRandom crashRandom;

    private SimMedia media;
    private CrashPointDevice device;
    private ZapKv store;
    private long nanos;
    private boolean made;
    private boolean powerCut;
    private boolean cleanEnd = true;
    // A torn block is found again by every recovery until its zone is emptied.
    private boolean tornBlocks;
    private boolean struck;
    private boolean metadataMayBeLost;
    private boolean over;

    /// @param directory for staging files, empty
    StoreLife(final Setup setup, final Path directory, final Trace trace, final Figures figures) {
        this.setup = setup;
        this.directory = directory;
        this.trace = trace;
        this.figures = figures;
        crashRandom = setup.crashRandom;
        media = new SimMedia(setup.geometry, setup.conventionalZones, setup.drive == Drive.FORGETFUL);
    }

    ZapKv store() {
        return store;
    }

    CrashPointDevice device() {
        return device;
    }

    SimMedia media() {
        return media;
    }

    /// Whether the store has ended and was not opened yet.
    boolean crashed() {
        return device.crashed();
    }

    /// Whether nobody can open this store any more, and rightly so.
    boolean isOver() {
        return over;
    }

    /// Whether power failed since the last opening that succeeded.
    boolean powerCut() {
        return powerCut;
    }

    /// Whether the store was closed, with all that it held.
    boolean cleanEnd() {
        return cleanEnd;
    }

    /// Whether a block may be torn for good.
    boolean tornBlocks() {
        return tornBlocks;
    }

    /// Commands of the device may fail from now on, until the store is opened again.
    void strike() {
        struck = true;
    }

    /// Whether the device has been made to fail in this life of the store.
    boolean isStruck() {
        return struck;
    }

    /// Whether the store was opened from a checkpoint, this time.
    boolean isFromCheckpoint() {
        return store.stats().recovery().contains(" read (");
    }

    /// The newest metadata may have gone with a zone.
    void metadataMayBeLost() {
        metadataMayBeLost = true;
    }

    /// What the opening had to cope with was judged.
    void judged() {
        powerCut = false;
        metadataMayBeLost = false;
    }

    /// A crash will come within so many device calls.
    void armCrash(final int calls, final SimCrash kind) {
        device.arm(calls, kind, crashRandom);
    }

    /// No crash will come.
    void disarm() {
        device.arm(DISTANT, SimCrash.PROCESS, crashRandom);
    }

    /// Makes the store, or opens it after its clean end, however many crashes that takes.
    ///
    /// @param crash whether the first attempt may crash
    void open(final boolean crash) {
        device = newDevice();
        if (crash) {
            armSoon(setup.faultRandom, 8);
        }
        openUntilItLives();
    }

    /// Opens the store after a crash.
    ///
    /// @param afterDeath what happens to what the dead process left
    void recover(final Runnable afterDeath) {
        died();
        afterDeath.run();
        beginRecovery();
        openUntilItLives();
    }

    /// Makes an empty store on media of any content, however many crashes that takes, and leaves it closed.
    void format() {
        boolean done = false;
        for (int attempt = 0; !done; attempt++) {
            device = newDevice();
            device.phase(CrashPhase.FORMAT);
            if (attempt == 0) {
                armSoon(setup.faultRandom, 8);
            }
            try {
                ZapKv.format(context(), true);
            } catch (final Throwable t) {
                if (!device.crashed()) {
                    throw t;
                }
            }
            done = !device.crashed();
            if (!done) {
                died();
            }
        }
        // What was there before is of no interest, and the new store was closed.
        powerCut = false;
        cleanEnd = true;
        made = true;
        deleteStaging();
    }

    private void beginRecovery() {
        device = newDevice();
        if (crashRandom.nextInt(4) == 0) {
            armSoon(crashRandom, 8);
        }
    }

    private void armSoon(final SplittableRandom random, final int magnitudes) {
        device.arm(
                1 + random.nextInt(1 << (1 + random.nextInt(magnitudes))),
                random.nextInt(4) == 0 ? SimCrash.POWER : SimCrash.PROCESS,
                crashRandom);
    }

    private void openUntilItLives() {
        while (true) {
            device.phase(made ? CrashPhase.RECOVERY : CrashPhase.FORMAT);
            final boolean mayFail = struck || media.hasReadErrors();
            try {
                store = ZapKv.open(context());
            } catch (final Throwable t) {
                store = null;
                if (!device.crashed()) {
                    if (isRefusalOfOldMetadata(t)) {
                        over = true;
                        return;
                    }
                    if (!(mayFail && t instanceof ZapKvException)) {
                        throw t;
                    }
                    beginAgain();
                    continue;
                }
            }
            if (!device.crashed()) {
                break;
            }
            died();
            beginRecovery();
        }
        figures.openings++;
        figures.recoveries += cleanEnd ? 0 : 1;
        made = true;
        device.phase(CrashPhase.OPERATION);
        if (isFromCheckpoint()) {
            figures.fromCheckpoint++;
        }
    }

    /// The opening failed, as it had to, because the device did.
    private void beginAgain() {
        figures.failedEnds++;
        media.healReads();
        beginRecovery();
    }

    /// The newest image went offline before another could be written: nobody can open this store any more.
    private boolean isRefusalOfOldMetadata(final Throwable t) {
        return metadataMayBeLost
                && t instanceof final FormatException refusal
                && (refusal.getMessage().contains("restore the store from a backup")
                        // Nothing but metadata was on the device yet.
                        || refusal.getMessage().contains("there is no store on"));
    }

    private void died() {
        figures.crashes++;
        device.crashedIn().forEach(figures::crashedIn);
        figures.zonesCollected += device.zonesReset();
        trace.add(12, figures.crashes, device.kind().name().hashCode());
        media = device.survivor();
        if (store != null) {
            try {
                store.close();
            } catch (final Throwable ignored) {
                // What a dying process says does not matter; this only gives its memory back.
                trace.add(13);
            }
            store = null;
        }
        cleanEnd = false;
        if (device.kind() == SimCrash.POWER) {
            figures.powerCuts++;
            powerCut = true;
            tornBlocks = true;
            deleteStaging();
        }
    }

    /// Closes the store; it may crash on the way, see {@link #crashed}, or find that its device has failed.
    ///
    /// @param mayBeFull whether there may be no room for what a killed process left in staging: it stays there
    void close(final boolean mayBeFull) {
        device.phase(CrashPhase.CLOSE);
        boolean clean = true;
        try {
            store.close();
        } catch (final ZapKvException e) {
            if (!device.crashed() && !struck) {
                throw e;
            }
            clean = false;
        }
        if (device.crashed()) {
            return;
        }
        store = null;
        figures.zonesCollected += device.zonesReset();
        final List<Path> left = stagingFiles();
        if (!left.isEmpty() && !struck && !mayBeFull) {
            throw new AssertionError("staging files left behind by a clean close: " + left);
        }
        cleanEnd = clean && left.isEmpty();
        if (!cleanEnd) {
            failedEnd();
        }
    }

    /// The device failed; what it had not flushed may still be lost.
    private void failedEnd() {
        figures.failedEnds++;
        if (setup.faultRandom.nextInt(3) == 0) {
            media = media.crash(SimCrash.POWER, crashRandom);
            figures.powerCuts++;
            powerCut = true;
            tornBlocks = true;
            deleteStaging();
        }
    }

    /// The one staging file.
    Path stagingFile() {
        return stagingFiles().getFirst();
    }

    private CrashPointDevice newDevice() {
        return new CrashPointDevice(media, new SimZoneDevice(media, setup.options, setup.random.split()), trace);
    }

    private Context context() {
        return new Context()
                .device(device)
                .threaded(false)
                .blockBytes(setup.blockBytes)
                .memoryBytes(MEMORY_BYTES)
                .checkpointBytes(setup.checkpointBytes)
                .durability(Durability.PROCESS)
                // A store that was there must never be replaced by an empty one.
                .createIfMissing(!made)
                .stagingDirectory(directory)
                .nanoClock(() -> nanos += setup.storeRandom.nextInt(2_000_000))
                .randomSeed(setup.storeRandom::nextLong);
    }

    private List<Path> stagingFiles() {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void deleteStaging() {
        try {
            for (final Path file : stagingFiles()) {
                Files.delete(file);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }
}
