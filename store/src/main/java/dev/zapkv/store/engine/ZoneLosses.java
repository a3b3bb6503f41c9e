/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.ZoneLoss;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.index.EntryCursor;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.AppendAgent;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.util.BitSet;
import java.util.List;
import java.util.concurrent.CopyOnWriteArrayList;
import java.util.function.Consumer;
import java.util.function.IntPredicate;

/// Notices zones that the device has taken offline, counts once what is lost with each, tells the listener, and has it
/// noted in the metadata that the loss is known: behind that note a gap in the log can not be explained by the zone.
///
/// Belongs to the I/O agent; {@link #all} is for any thread.
final class ZoneLosses {
    private static final long NONE = -1;

    private final ZoneTable zones;
    private final PointIndex index;
    private final AppendAgent append;
    private final Consumer<ZoneLoss> listener;
    private final Runnable note;
    private final BitSet counted = new BitSet();
    private final BitSet known;
    private final List<ZoneLoss> losses = new CopyOnWriteArrayList<>();
    private int failuresSeen;
    private long noteBehind = NONE;

    /// @param known zones whose loss the metadata names already; also one that came back is not to be looked at any
    /// more
    /// @param note  writes a metadata image
    ZoneLosses(
            final ZoneTable zones,
            final PointIndex index,
            final AppendAgent append,
            final IntPredicate known,
            final Consumer<ZoneLoss> listener,
            final Runnable note) {
        this.zones = zones;
        this.index = index;
        this.append = append;
        this.listener = listener;
        this.note = note;
        this.known = new BitSet();
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < zones.usedZones(); zone++) {
            final boolean offline = zones.state(zone) == ZoneState.OFFLINE;
            // What was replayed is settled before the first image of this life.
            this.known.set(zone, offline || (known.test(zone) && zones.state(zone) != ZoneState.EMPTY));
            if (offline) {
                counted.set(zone);
                add(new ZoneLoss(zone, ZoneLoss.UNKNOWN, ZoneLoss.UNKNOWN));
            }
        }
        failuresSeen = zones.failures();
    }

    /// Counts new losses, and has those noted behind which the log is settled.
    ///
    /// @return amount of work done
    int doWork() {
        int work = count();
        if (noteBehind != NONE && append.flushed() >= noteBehind) {
            noteBehind = NONE;
            known.or(counted);
            note.run();
            work++;
        }
        return work;
    }

    /// Counts what was lost with zones that were found offline since the last call.
    ///
    /// @return amount of work done
    int count() {
        if (zones.failures() == failuresSeen) {
            return 0;
        }
        failuresSeen = zones.failures();
        return countNew();
    }

    /// A zone was emptied: it begins anew.
    void forget(final int zone) {
        known.clear(zone);
        counted.clear(zone);
    }

    /// Whether an image written now may say that the loss of a zone is known.
    boolean isKnown(final int zone) {
        return known.get(zone);
    }

    /// All losses since the store was opened, in the order they were noticed.
    List<ZoneLoss> all() {
        return List.copyOf(losses);
    }

    private int countNew() {
        int work = 0;
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < zones.usedZones(); zone++) {
            if (zones.state(zone) == ZoneState.OFFLINE && !counted.get(zone)) {
                counted.set(zone);
                final long keys = entriesIn(zone);
                if (keys > 0) {
                    add(new ZoneLoss(zone, keys, zones.liveBytes(zone) - zones.tombstoneBytes(zone)));
                }
                work++;
            }
        }
        if (work > 0) {
            // What is applied may lie in the zone; what is not yet will be appended elsewhere.
            noteBehind = append.frontier();
            append.want(noteBehind, true);
        }
        return work;
    }

    private long entriesIn(final int zone) {
        final long start = zones.geometry().address(zone, 0);
        final long end = start + zones.geometry().zoneSize();
        long entries = 0;
        final EntryCursor cursor = new EntryCursor(index);
        while (cursor.next()) {
            final long address = IndexEntry.deviceAddress(cursor.word());
            if (!IndexEntry.isMemory(cursor.word()) && address >= start && address < end) {
                entries++;
            }
        }
        return entries;
    }

    private void add(final ZoneLoss loss) {
        losses.add(loss);
        try {
            listener.accept(loss);
        } catch (final RuntimeException e) {
            // A listener's mistake is no reason to stop the store; it goes where uncaught exceptions go.
            final Thread thread = Thread.currentThread();
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
        }
    }
}
