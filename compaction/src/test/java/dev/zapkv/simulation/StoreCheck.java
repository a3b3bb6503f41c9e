/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import dev.zapkv.CorruptionException;
import dev.zapkv.StoreStats;
import dev.zapkv.ZapKvException;
import dev.zapkv.ZoneLostException;
import dev.zapkv.io.DeviceException;
import java.nio.ByteBuffer;
import java.util.Arrays;

/// Compares what the store says with the {@link Model}, and its accounts with the {@link LogAudit}.
final class StoreCheck {
    private final Setup setup;
    private final StoreLife life;
    private final Faults faults;
    private final Model model;
    private final Trace trace;
    private final Figures figures;

    StoreCheck(
            final Setup setup,
            final StoreLife life,
            final Faults faults,
            final Model model,
            final Trace trace,
            final Figures figures) {
        this.setup = setup;
        this.life = life;
        this.faults = faults;
        this.model = model;
        this.trace = trace;
        this.figures = figures;
    }

    /// What an opening found: after a clean end everything, after a crash everything acknowledged.
    void recovered() {
        life.media().healReads();
        final byte[][] found = content();
        final String wrong;
        model.reopened(!life.cleanEnd());
        if (life.powerCut() && faults.tookZoneOffline()) {
            // Blocks behind a gap count then: of a large value a chunk may be missing that the power cut took.
            faults.suspectLargeValues(true);
        }
        if (life.powerCut()) {
            wrong = faults.tookZoneOffline() ? model.afterPowerCutWithLoss(found) : model.afterPowerCut(found);
        } else if (life.cleanEnd()) {
            wrong = model.difference(found);
        } else {
            wrong = model.afterProcessCrash(found);
        }
        if (wrong != null) {
            throw new AssertionError("after "
                    + (life.powerCut() ? "a power cut" : life.cleanEnd() ? "a clean end" : "a crash of the process")
                    + " (" + life.store().stats().recovery() + "): " + wrong);
        }
        settleSuspects(life.powerCut() || life.cleanEnd());
        life.judged();
        faults.judged();
        content("after opening", found);
        accounts("after opening", life.store().stats().opening().stagedRecords() == 0);
    }

    /// Whatever is found of a key of which a record was lost is what the key has from now on.
    private void settleSuspects(final boolean durable) {
        for (int key = 0; key < setup.keys.length; key++) {
            if (!model.isSuspect(key)) {
                continue;
            }
            try {
                final String wrong = model.settle(key, life.store().get(setup.keys[key]), durable);
                if (wrong != null) {
                    throw new AssertionError("after opening: " + wrong);
                }
                if (model.everInChunks(key) || life.isFromCheckpoint()) {
                    // What lacks a chunk is passed over by the opening behind the loss, and found by later ones.
                    // And a checkpoint knows of deletes that were lost; when it is lost as well, older values
                    // come back.
                    model.suspect(key);
                }
            } catch (final ZoneLostException | CorruptionException e) {
                model.stillLost(key);
            }
        }
    }

    private byte[][] content() {
        final byte[][] found = new byte[setup.keys.length][];
        try {
            life.store().forEach((key, value) -> {
                final Integer number = setup.numberOf(ByteBuffer.wrap(key));
                if (number == null) {
                    throw new AssertionError("a key nobody wrote: " + Arrays.toString(key));
                }
                if (found[number] != null) {
                    throw new AssertionError("key " + number + " was visited twice");
                }
                found[number] = value;
            });
        } catch (final ZoneLostException | CorruptionException e) {
            if (!faults.lostData()) {
                throw e;
            }
        }
        return found;
    }

    /// The whole content, by every way of reading.
    void content(final String when) {
        life.media().healReads();
        content(when, content());
    }

    private void content(final String when, final byte[][] found) {
        final String wrong = model.difference(found);
        if (wrong != null) {
            throw new AssertionError(when + ": " + wrong);
        }
        for (int key = 0; key < setup.keys.length; key++) {
            get(key);
        }
        if (life.store().count() != model.count()) {
            throw new AssertionError(when + ": count is " + life.store().count() + " instead of " + model.count());
        }
    }

    /// One key.
    void get(final int key) {
        final byte[] found;
        final boolean mayFail = life.media().hasReadErrors();
        try {
            found = life.store().get(setup.keys[key]);
        } catch (final DeviceException e) {
            unreadable(key, mayFail, e);
            return;
        } catch (final ZoneLostException | CorruptionException e) {
            if (mayFail && e instanceof CorruptionException) {
                unreadable(key, true, e);
                return;
            }
            suspect(key, e);
            if (!life.store().contains(setup.keys[key])) {
                throw new AssertionError("key " + key + " is lost, and absent");
            }
            return;
        }
        trace.add(11, key, found == null ? -1 : found.length);
        if (!Arrays.equals(found, model.value(key))) {
            throw new AssertionError("get of key " + key + " gave "
                    + (found == null ? "nothing" : found.length + " bytes, not the" + " value written last"));
        }
        if (life.store().contains(setup.keys[key]) != (found != null)) {
            throw new AssertionError("contains of key " + key + " contradicts get");
        }
    }

    /// Whether a key has exactly this value, or none if null.
    boolean holds(final int key, final byte[] value) {
        try {
            return Arrays.equals(life.store().get(setup.keys[key]), value);
        } catch (final ZoneLostException | CorruptionException e) {
            suspect(key, e);
            return false;
        }
    }

    /// A read failed of which the device had said nothing wrong.
    private void unreadable(final int key, final boolean expected, final RuntimeException e) {
        if (!expected) {
            throw new AssertionError("key " + key + " could not be read: " + e.getMessage(), e);
        }
        figures.refusedReads++;
        trace.add(16, key, figures.refusedReads);
    }

    private void suspect(final int key, final ZapKvException e) {
        if (!model.isSuspect(key)) {
            throw new AssertionError("no fault has touched key " + key + ": " + e.getMessage(), e);
        }
        figures.refusedReads++;
        trace.add(15, key, figures.refusedReads);
    }

    /// The store's accounts.
    ///
    /// @param appended whether nothing is in staging alone: then zones are compared with what lies there
    void accounts(final String when, final boolean appended) {
        life.media().healReads();
        final String wrong = faults.lostData() || !appended
                ? null
                : LogAudit.check(life.device().unguarded(), life.store().zones());
        if (wrong != null) {
            throw new AssertionError(
                    when + ": " + wrong + " (" + life.store().stats().recovery() + ")");
        }
        final StoreStats stats = life.store().stats();
        if (stats.recovery().contains("DAMAGED") && !life.tornBlocks() && !faults.lostData() && !faults.tookRoom()) {
            throw new AssertionError(when + ": " + stats.recovery());
        }
        if (stats.keys() != model.count()
                || stats.garbageBytes() < 0
                || (appended && !faults.lostData() && stats.liveBytes() < model.valueBytes())) {
            throw new AssertionError(when + ": " + stats + " with " + model.count() + " keys and " + model.valueBytes()
                    + " bytes of values");
        }
    }
}
