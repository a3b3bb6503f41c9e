/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.ZoneLayout;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.PointIndex;
import java.util.List;
import java.util.concurrent.ConcurrentHashMap;
import org.junit.jupiter.api.Test;

/// Heads of large values behind a gap, which are applied last and still win only against what is older.
class ShardReplayTest {
    private static final long FINGERPRINT = 77;
    private static final long SETTLED = 10;
    private static final long LAST = 20;
    private static final long MISSING = 11;
    private static final long HEAD_BLOCK = 15;

    @Test
    void shouldApplyADoubtfulHeadOverAnOlderRecord() {
        assertEquals(head().word(), wordAfter(HEAD_BLOCK - 1));
    }

    @Test
    void shouldNotApplyADoubtfulHeadOverANewerRecord() {
        assertEquals(record(), wordAfter(HEAD_BLOCK + 1));
    }

    /// The index entry of a key with a record in a block and a head behind the gap.
    private static long wordAfter(final long block) {
        final MetadataImage image = new MetadataImage(
                LogOfBlocks.BLOCK_BYTES,
                -1,
                3,
                4,
                1,
                SETTLED,
                1,
                false,
                LogOfBlocks.ZONES,
                ZoneLayout.of(LogOfBlocks.GEOMETRY, 0),
                "",
                List.of(),
                List.of(),
                List.of());
        final CountingRules rules = new CountingRules(image, 0);
        rules.decide(LAST, MISSING);
        try (PointIndex index = new PointIndex(1, 1 << 20);
                FoundRecords found = new FoundRecords(1, 1, 1 << 12, 1 << 12)) {
            final FoundLargeValues.Head head = head();
            found.add(0, 0, FINGERPRINT, head.word(), head.position());
            found.add(0, 0, FINGERPRINT, record(), position(block));
            final ShardReplay replay = new ShardReplay(
                    index,
                    found,
                    rules,
                    new ReplayAccounts(LogOfBlocks.ZONES),
                    LogOfBlocks.GEOMETRY,
                    new ConcurrentHashMap<>());
            replay.apply(0);
            assertEquals(record(), index.getInShard(0, FINGERPRINT), "before the head is asked about");
            replay.applyDoubtful(head);
            return index.getInShard(0, FINGERPRINT);
        }
    }

    private static FoundLargeValues.Head head() {
        final long address = LogOfBlocks.GEOMETRY.address(3, 0);
        return new FoundLargeValues.Head(
                FINGERPRINT,
                0,
                IndexEntry.device(address, 4 | IndexEntry.LARGE, false),
                position(HEAD_BLOCK),
                new LargeHead(1, 1, 1));
    }

    private static long record() {
        return IndexEntry.device(LogOfBlocks.GEOMETRY.address(2, 0), 5, false);
    }

    private static long position(final long block) {
        return block * LogOfBlocks.BLOCK_BYTES + 64;
    }
}
