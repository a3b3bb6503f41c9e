/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import dev.zapkv.Finding;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.EntryCursor;
import dev.zapkv.store.index.IndexEntry;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.List;
import java.util.TreeMap;
import java.util.zip.CRC32C;

/// The index against the log, in both directions: each entry points at the newest record of its key, and each
/// newest
/// record is pointed at. Adds up what the entries keep alive of each zone on the way.
final class IndexCheck {
    private static final int DETAILS = 100;

    private final VerifyInput input;
    private final LogTruth truth;
    private final Findings findings;
    private final ZoneGeometry geometry;
    private final TreeMap<Long, Suspect> suspectAt = new TreeMap<>();
    private final long[] liveBytes;
    private final CRC32C crc = new CRC32C();
    private long entries;
    private long chunkEntries;
    private long lost;
    private long details;
    private long missing;
    private long firstMissing;

    /// @param suspects get to know how many entries point into them
    IndexCheck(final VerifyInput input, final LogTruth truth, final Findings findings, final List<Suspect> suspects) {
        this.input = input;
        this.truth = truth;
        this.findings = findings;
        geometry = input.device().geometry();
        liveBytes = new long[geometry.zoneCount()];
        for (final Suspect suspect : suspects) {
            suspectAt.put(geometry.address(suspect.zone, suspect.offset), suspect);
        }
    }

    void run() {
        final EntryCursor cursor = new EntryCursor(input.index());
        while (cursor.next()) {
            if (IndexEntry.isTombstone(cursor.word())) {
                // Of a delete in staging; what it hides is no finding.
                continue;
            }
            entries++;
            chunkEntries += IndexEntry.isChunk(cursor.word()) ? 1 : 0;
            if (!IndexEntry.isMemory(cursor.word())) {
                liveBytes[geometry.zoneOf(IndexEntry.deviceAddress(cursor.word()))] +=
                        IndexEntry.lengthBytes(cursor.word());
            }
            final long word = truth.inShard(cursor.shard(), cursor.fingerprint());
            if ((word & LogTruth.INDEXED) == 0 && (truth.isComplete() || word != 0 || isSuspect(cursor.word()))) {
                unfounded(cursor.word(), word);
            }
        }
        if (truth.isComplete()) {
            checkNewest();
        }
    }

    private boolean isSuspect(final long entry) {
        return !IndexEntry.isMemory(entry) && suspect(IndexEntry.deviceAddress(entry)) != null;
    }

    private Suspect suspect(final long address) {
        final var below = suspectAt.floorEntry(address);
        return below != null && address < below.getKey() + below.getValue().length ? below.getValue() : null;
    }

    /// The index points at something else than the newest record.
    private void unfounded(final long entry, final long newest) {
        if (IndexEntry.isMemory(entry)) {
            add(Finding.NO_ZONE, 0, 0, "an entry points into staging, where no such record is");
            return;
        }
        final long address = IndexEntry.deviceAddress(entry);
        final int zone = geometry.zoneOf(address);
        if (input.zones().state(zone) == ZoneState.OFFLINE) {
            lost++;
            return;
        }
        final Suspect suspect = suspect(address);
        final int length = IndexEntry.lengthBytes(entry);
        final String reason = reason(address, length);
        if (suspect != null && reason != null) {
            suspect.entries++;
            return;
        }
        final long offset = geometry.offsetOf(address);
        if (reason != null) {
            add(zone, offset, length, "an entry points at what is no valid record (" + reason + ")");
        } else if (newest != 0) {
            add(
                    zone,
                    offset,
                    length,
                    "an entry points at a record although the log holds a newer one of its key, in block "
                            + truth.blockOf(newest));
        } else {
            add(zone, offset, length, "an entry points at a record of another key, or one that does not count");
        }
    }

    private String reason(final long address, final int length) {
        if (geometry.offsetOf(address) + length > geometry.zoneCapacity()) {
            return "it lies beyond the end of the zone";
        }
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment memory = arena.allocate(length, RecordFormat.ALIGNMENT);
            input.device().readSync(address, memory, 0, length);
            return RecordFormat.invalidReason(memory, memory.asByteBuffer(), 0, length, crc);
        } catch (final DeviceException e) {
            return e.getMessage();
        }
    }

    private void add(final int zone, final long offset, final long length, final String text) {
        details++;
        if (details <= DETAILS) {
            findings.add(Finding.Kind.INDEX, true, zone, offset, length, 1, text, Findings.RESTORE);
        }
    }

    /// Every newest record that is no delete must be in the index; chunks only if their value is.
    private void checkNewest() {
        final EntryCursor cursor = new EntryCursor(truth.newest());
        while (cursor.next()) {
            final long word = cursor.word();
            if ((word & (LogTruth.TOMBSTONE | LogTruth.CHUNK | LogTruth.INDEXED)) == 0
                    && input.index().getInShard(cursor.shard(), cursor.fingerprint()) == 0) {
                missing++;
                firstMissing = firstMissing == 0 ? truth.blockOf(word) : firstMissing;
            }
        }
    }

    /// Says what was only counted so far.
    void conclude() {
        if (details > DETAILS) {
            findings.add(
                    Finding.Kind.INDEX,
                    true,
                    Finding.NO_ZONE,
                    0,
                    0,
                    details - DETAILS,
                    "more entries that do not point at the newest record of their key",
                    Findings.RESTORE);
        }
        if (missing > 0) {
            // Behind a gap a value in chunks does not count if one of them is lost.
            final boolean certain = input.replayed().offline() == 0;
            findings.add(new Finding(
                    Finding.Kind.INDEX,
                    certain,
                    Finding.NO_ZONE,
                    0,
                    0,
                    firstMissing,
                    missing,
                    List.of(),
                    "the log holds records that count, of keys that the index does not know",
                    "keep a copy of the store and report this"));
        }
    }

    long entries() {
        return entries;
    }

    long chunkEntries() {
        return chunkEntries;
    }

    /// Entries that point into zones which are offline.
    long lost() {
        return lost;
    }

    /// Bytes of a zone that entries point at.
    long liveBytes(final int zone) {
        return liveBytes[zone];
    }
}
