/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import dev.zapkv.io.ZoneState;
import dev.zapkv.store.meta.MetadataLog;
import dev.zapkv.store.meta.MetadataSearch;
import java.util.BitSet;
import java.util.SplittableRandom;

/// Faults between two operations: zones that fail or are full early, commands that will fail, bits that flip. They are
/// drawn so that the store can keep its promises; the model is told which keys they may have touched.
///
/// *Bits* flip in data zones, not in the metadata, of which there is one copy; and in blocks up to the settled one:
/// behind
/// it a damaged block cannot be told from one that a power cut has torn, so that it ends the log.
final class Faults {
    private static final int MAX_FAILED_ZONES = 2;

    private final Setup setup;
    private final StoreLife life;
    private final Model model;
    private final Trace trace;
    private final Figures figures;
    private int failedZones;
    private boolean offline;
    private boolean offlineInThisLife;
    private boolean deadMetadataZone;
    private boolean tookRoom;
    private boolean rotten;
    private final BitSet rottenZones = new BitSet();

    Faults(final Setup setup, final StoreLife life, final Model model, final Trace trace, final Figures figures) {
        this.setup = setup;
        this.life = life;
        this.model = model;
        this.trace = trace;
        this.figures = figures;
    }

    /// Whether any record may be lost for good.
    boolean lostData() {
        return offline || rotten;
    }

    /// Whether the store may have less room than its zones promise.
    boolean tookRoom() {
        return tookRoom;
    }

    /// Whether a zone went offline since the last opening that was judged.
    boolean tookZoneOffline() {
        return offlineInThisLife;
    }

    /// An opening was judged.
    void judged() {
        offlineInThisLife = false;
    }

    /// The store was made anew: nothing of the old one matters.
    void erased() {
        rotten = false;
    }

    /// Between two operations.
    void strike() {
        final SplittableRandom random = setup.driveRandom;
        if (failedZones < MAX_FAILED_ZONES && random.nextInt(1000) < setup.zoneFailuresPerThousand) {
            failedZones++;
            figures.faults++;
            final boolean metadata = setup.drive == Drive.DYING && random.nextInt(4) == 0;
            failZone(
                    metadata
                            ? random.nextInt(MetadataLog.ZONES)
                            : random.nextInt(MetadataLog.ZONES, setup.geometry.zoneCount()));
        }
        if (setup.faultRandom.nextInt(1000) < setup.faultsPerThousand) {
            figures.faults++;
            if (setup.drive == Drive.FAILING) {
                failCommands(setup.faultRandom);
            } else {
                damage(setup.faultRandom);
            }
        }
    }

    private void failCommands(final SplittableRandom random) {
        switch (random.nextInt(4)) {
            case 0 -> {
                life.strike();
                life.device().unguarded().failFlushes(1);
            }
            case 1 -> fillEarly(random.nextInt(setup.geometry.zoneCount()));
            default -> {
                life.strike();
                life.device().unguarded().failAppends(1 + random.nextInt(1 << (1 + random.nextInt(4))));
            }
        }
    }

    private void fillEarly(final int zone) {
        final ZoneState state = life.device().unguarded().report(zone).state();
        if (state == ZoneState.OPEN || state == ZoneState.CLOSED) {
            life.media().fill(zone);
            tookRoom = true;
        }
    }

    private void damage(final SplittableRandom random) {
        final int zone = random.nextInt(MetadataLog.ZONES, setup.geometry.zoneCount());
        final long written = life.device().unguarded().report(zone).writePointer();
        if (written == 0) {
            return;
        }
        final long offset = random.nextLong(written);
        if (random.nextInt(3) == 0) {
            // A collection that meets it gives its zone up until the store is opened again.
            tookRoom = true;
            life.media().failReads(zone, offset, 1 + random.nextInt(4));
        } else if (rottenZones.get(zone) || rottenZones.cardinality() < setup.drive.zonesToFail()) {
            flip(zone, offset, random.nextInt(Byte.SIZE));
        }
    }

    private void flip(final int zone, final long offset, final int bit) {
        life.media().healReads();
        final ZoneContent content = ZoneContent.around(life.device().unguarded(), zone, offset);
        final long settled =
                MetadataSearch.find(life.device().unguarded()).image().settledBlock();
        // What is damaged already stays so: a bit that flips back would be a miracle.
        if (content.blocks() == 0 || content.newestHostBlock() > settled) {
            return;
        }
        content.keys().forEach(key -> model.suspect(setup.numberOf(key)));
        suspectLargeValues(content.chunks());
        life.media().flip(zone, offset, bit);
        trace.add(17, zone, offset);
        rottenZones.set(zone);
        rotten = true;
        tookRoom = true;
    }

    private void failZone(final int zone) {
        deadMetadataZone |= zone < MetadataLog.ZONES;
        if (life.device().unguarded().report(zone).state() == ZoneState.OFFLINE) {
            return;
        }
        if (setup.drive != Drive.DYING || setup.driveRandom.nextInt(4) == 0) {
            life.media().fail(zone, ZoneState.READ_ONLY);
        } else {
            takeOffline(zone);
        }
        if (deadMetadataZone && offlineInThisLife) {
            life.metadataMayBeLost();
        }
    }

    private void takeOffline(final int zone) {
        final ZoneContent content = ZoneContent.of(life.device().unguarded(), zone);
        content.keys().forEach(key -> model.suspect(setup.numberOf(key)));
        suspectLargeValues(content.chunks());
        life.media().fail(zone, ZoneState.OFFLINE);
        trace.add(14, zone, content.keys().size());
        offline = true;
        offlineInThisLife = true;
    }

    /// A chunk does not tell whose it is.
    void suspectLargeValues(final boolean chunks) {
        for (int key = 0; chunks && key < setup.keys.length; key++) {
            if (model.mayBeLarge(key, Math.min(setup.blockBytes / 2, Workload.LEASED_FROM))) {
                model.suspect(key);
            }
        }
    }
}
