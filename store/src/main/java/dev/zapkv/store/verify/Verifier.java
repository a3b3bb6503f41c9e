/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import dev.zapkv.Finding;
import dev.zapkv.VerifyListener;
import dev.zapkv.VerifyOptions;
import dev.zapkv.VerifyReport;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.checkpoint.CheckpointAudit;
import dev.zapkv.store.format.CheckpointRef;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.meta.ConventionalAudit;
import dev.zapkv.store.meta.MetadataLog;
import dev.zapkv.zone.Stream;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.LongSupplier;

/// Verifies a store: every byte below the write pointers, metadata in conventional zones, the index against the log,
/// values in chunks, checkpoints, and the accounts. Writes nothing. Runs on the caller's thread.
///
/// Memory: besides the store's index another one of at most the same limit, and about 100 bytes of heap for each value
/// in chunks.
public final class Verifier {
    private static final int WINDOW_BYTES = 4 << 20;
    private static final String BLOCKS = "blocks";
    private static final String INDEX = "index";
    private static final String CHECKPOINTS = "checkpoints";

    private final VerifyInput input;
    private final VerifyListener listener;
    private final LongSupplier nanoClock;
    private final ZoneDevice device;
    private final Pace pace;
    private final Findings findings;
    private final List<Suspect> suspects = new ArrayList<>();
    private final BitSet suspectZones = new BitSet();
    private long bytesTotal;
    private long bytesRead;
    private int zonesRead;

    /// @param nanoClock monotonic time in nanoseconds
    public Verifier(
            final VerifyInput input,
            final VerifyOptions options,
            final VerifyListener listener,
            final LongSupplier nanoClock) {
        this.input = input;
        this.listener = listener;
        this.nanoClock = nanoClock;
        device = input.device();
        pace = new Pace(options.bytesPerSecond(), nanoClock);
        findings = new Findings(listener);
    }

    /// Does it.
    ///
    /// @param newest an empty index with as many shards as the store's; owned by the caller
    public VerifyReport run(final PointIndex newest) {
        final long started = nanoClock.getAsLong();
        final LogTruth truth = new LogTruth(input, newest, findings);
        final ZoneWalk walk;
        final int most = Math.max(input.image().blockBytes(), device.geometry().maxAppend());
        try (ZoneReader reader = new ZoneReader(device, most, WINDOW_BYTES, pace::await)) {
            walk = new ZoneWalk(reader, input.storeId(), device.geometry().blockSize());
            readZones(walk, reader, truth);
        }
        final int inPlace = checkConventionalZones();
        truth.staging();
        progress(INDEX);
        final IndexCheck index = new IndexCheck(input, truth, findings, suspects);
        index.run();
        suspects.forEach(this::judge);
        index.conclude();
        final LargeValueCheck largeValues = new LargeValueCheck(input, truth, findings);
        largeValues.run();
        largeValues.conclude(index.chunkEntries());
        progress(CHECKPOINTS);
        final int checkpoints = checkCheckpoints();
        new SpaceCheck(input, truth, index, findings).run(suspectZones);
        return new VerifyReport(
                zonesRead,
                bytesRead,
                truth.hostBlocks(),
                truth.gcBlocks(),
                truth.checkpointBlocks(),
                truth.metadataBlocks() + inPlace,
                truth.records(),
                truth.tombstones(),
                truth.staged(),
                index.entries(),
                truth.isComplete(),
                largeValues.whole(),
                largeValues.chunks(),
                checkpoints,
                walk.leftOverBytes(),
                walk.unusedBytes(),
                findings.kept(),
                findings.omitted(),
                nanoClock.getAsLong() - started);
    }

    private void readZones(final ZoneWalk walk, final ZoneReader reader, final LogTruth truth) {
        for (int zone = 0; zone < device.geometry().zoneCount(); zone++) {
            bytesTotal += isRead(zone) ? end(device.report(zone)) : 0;
        }
        for (int zone = 0; zone < device.geometry().zoneCount(); zone++) {
            if (isRead(zone)) {
                final boolean metadata = isMetadata(zone);
                final List<Suspect> found = walk.run(
                        device.report(zone),
                        metadata ? 0 : input.zones().generation(zone),
                        metadata ? device.geometry().maxAppend() : input.image().blockBytes(),
                        device.geometry().zoneCapacity(),
                        truth);
                suspects.addAll(found);
                if (!found.isEmpty()) {
                    suspectZones.set(zone);
                }
                zonesRead++;
                bytesRead = reader.bytesRead();
                progress(BLOCKS);
            }
        }
    }

    private boolean isMetadata(final int zone) {
        return zone < MetadataLog.ZONES || input.zones().stream(zone) == Stream.METADATA;
    }

    /// A zone that was given up is not looked at any more, even if it comes back.
    private boolean isRead(final int zone) {
        final ZoneState state = device.report(zone).state();
        return state != ZoneState.EMPTY
                && state != ZoneState.OFFLINE
                && !input.image().isLossKnown(zone);
    }

    private long end(final ZoneInfo info) {
        return Math.min(info.writePointer(), device.geometry().zoneCapacity());
    }

    private void progress(final String step) {
        listener.progress(
                step,
                bytesRead,
                bytesTotal,
                suspects.size() + (long) findings.kept().size());
    }

    // ---- what suspects turn out to be

    private void judge(final Suspect suspect) {
        final boolean metadata = isMetadata(suspect.zone);
        final boolean cutOff = suspect.block > 0
                && suspect.kind == Finding.Kind.BLOCK
                && input.zones().stream(suspect.zone) == Stream.HOST
                && !input.counts(suspect.block);
        findings.add(Verdict.of(suspect, metadata, cutOff));
    }

    /// Metadata that is written in place.
    ///
    /// @return images
    private int checkConventionalZones() {
        if (!input.newest().isConventional()) {
            return 0;
        }
        final ConventionalAudit.Outcome outcome = ConventionalAudit.check(device, input.newest(), pace::await);
        bytesRead += outcome.bytesRead();
        for (final ConventionalAudit.Damage damage : outcome.damaged()) {
            final Finding.Kind kind = damage.unreadable() ? Finding.Kind.UNREADABLE : Finding.Kind.METADATA;
            final Suspect suspect = new Suspect(kind, Finding.NO_ZONE, 0, damage.length(), 0, 0, damage.text());
            suspect.certain = !damage.cutOff();
            findings.add(Verdict.of(suspect, true, false));
        }
        return outcome.images();
    }

    private int checkCheckpoints() {
        int whole = 0;
        for (final CheckpointRef ref : input.image().checkpoints()) {
            final CheckpointAudit.Outcome outcome =
                    CheckpointAudit.check(device, input.storeId(), input.image(), ref, pace::await);
            bytesRead += outcome.bytesRead();
            if (outcome.problem() == null) {
                whole++;
            } else {
                findings.add(
                        Finding.Kind.CHECKPOINT,
                        true,
                        outcome.zone(),
                        outcome.offset(),
                        outcome.length(),
                        0,
                        "checkpoint " + ref.number() + " cannot be used: " + outcome.problem()
                                + "; nothing is lost, the one before or the log is used instead",
                        "open and close the store: that writes a new one");
            }
        }
        return whole;
    }
}
