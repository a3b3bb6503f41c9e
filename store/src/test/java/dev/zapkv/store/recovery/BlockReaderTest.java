/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.checkpoint.OpeningProgress;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.ZoneLayout;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import java.util.Collections;
import java.util.List;
import org.junit.jupiter.api.Test;

class BlockReaderTest {
    private static final int HOST_BLOCKS = 110;
    private static final long FIRST_BEHIND_CHECKPOINT = 60;
    private static final int SHARDS = 4;
    private static final long INDEX_BYTES = 1 << 20;
    private static final long PLENTY = 64 << 20;

    /// What was kept: tombstones and others, of blocks before the checkpoint's end and behind it.
    private record Kept(int oldTombstones, int newTombstones, int oldValues, int newValues) {}

    /// A tombstone that was moved since the checkpoint, because a newer delete had taken the key's value. That delete
    /// may be lost; then the checkpoint has the newer value, which the old tombstone must not hide.
    @Test
    void shouldKeepNoTombstoneThatIsOlderThanTheCheckpoint() {
        final Kept behind = keep(FIRST_BEHIND_CHECKPOINT);
        final Kept whole = keep(0);

        assertEquals(0, behind.oldTombstones(), behind::toString);
        assertTrue(whole.oldTombstones() > 0, whole::toString);
        assertTrue(whole.newTombstones() > 0, whole::toString);
        assertEquals(whole.newTombstones(), behind.newTombstones());
        assertEquals(whole.oldValues(), behind.oldValues());
        assertEquals(whole.newValues(), behind.newValues());
    }

    private static Kept keep(final long checkpointedBefore) {
        final LogOfBlocks log = new LogOfBlocks(5, HOST_BLOCKS, 0);
        final ZoneDevice device = log.device(-1);
        final MetadataImage image = new MetadataImage(
                LogOfBlocks.BLOCK_BYTES,
                -1,
                3,
                4,
                LogOfBlocks.EPOCH,
                HOST_BLOCKS,
                1,
                false,
                LogOfBlocks.ZONES,
                ZoneLayout.of(LogOfBlocks.GEOMETRY, 0),
                "",
                List.of(),
                List.of(),
                Collections.nCopies(LogOfBlocks.ZONES, LogOfBlocks.GENERATION));
        try (PointIndex index = new PointIndex(SHARDS, INDEX_BYTES);
                FoundRecords found = new FoundRecords(1, SHARDS, PLENTY, PLENTY);
                ZoneScan scan = new ZoneScan(device, LogOfBlocks.STORE, image, new OpeningProgress(progress -> {}))) {
            final BlockReader reader = new BlockReader(
                    0,
                    new CountingRules(image, checkpointedBefore),
                    new KeyHash(3, 4),
                    index,
                    LogOfBlocks.GEOMETRY,
                    found,
                    new FoundLargeValues(),
                    new ReplayAccounts(LogOfBlocks.ZONES));
            for (int zone = 0; zone < LogOfBlocks.ZONES; zone++) {
                final ZoneInfo info = device.report(zone);
                if (info.state() != ZoneState.EMPTY) {
                    scan.begin(info, 0, LogOfBlocks.GENERATION);
                    while (scan.next()) {
                        reader.begin(scan);
                        assertTrue(reader.read());
                    }
                }
            }
            return count(found);
        }
    }

    private static Kept count(final FoundRecords found) {
        final int[] counts = new int[4];
        for (int shard = 0; shard < SHARDS; shard++) {
            for (int part = 0; part < found.partsPerShard(); part++) {
                final int records = found.count(shard, part);
                final long[] fields = new long[records * FoundRecords.FIELDS];
                found.read(shard, part, fields);
                for (int at = 0; at < fields.length; at += FoundRecords.FIELDS) {
                    final boolean old = fields[at + 2] / LogOfBlocks.BLOCK_BYTES < FIRST_BEHIND_CHECKPOINT;
                    counts[(IndexEntry.isTombstone(fields[at + 1]) ? 0 : 2) + (old ? 0 : 1)]++;
                }
            }
        }
        return new Kept(counts[0], counts[1], counts[2], counts[3]);
    }
}
