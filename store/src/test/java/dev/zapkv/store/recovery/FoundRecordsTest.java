/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.TreeSet;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class FoundRecordsTest {
    private static final int WRITERS = 3;
    private static final int SHARDS = 4;

    /// What was added and not replaced, by shard.
    private final Map<Integer, Set<String>> model = new HashMap<>();

    @ParameterizedTest
    @ValueSource(longs = {1 << 12, 1 << 14, 1 << 16})
    void shouldKeepWhatWasAddedUntilItIsReplaced(final long firstBytes) {
        final SplittableRandom random = new SplittableRandom(firstBytes);
        try (FoundRecords found = new FoundRecords(WRITERS, SHARDS, firstBytes, 4 * firstBytes)) {
            boolean roomLeft = true;
            long position = 1;
            int rounds = 0;
            while (roomLeft) {
                while (add(found, random, position)) {
                    position++;
                }
                for (int shard = 0; shard < SHARDS; shard++) {
                    assertEquals(model.getOrDefault(shard, new TreeSet<>()), contents(found, shard));
                    if (random.nextInt(3) == 0) {
                        halve(found, shard);
                    }
                    assertEquals(model.getOrDefault(shard, new TreeSet<>()), contents(found, shard));
                }
                roomLeft = found.makeRoom();
                rounds++;
            }
            assertTrue(rounds > 2, "limit was not raised");
            assertTrue(position * 24 > firstBytes, position + " records");
        }
    }

    private boolean add(final FoundRecords found, final SplittableRandom random, final long position) {
        final int shard = random.nextInt(SHARDS);
        final long fingerprint = random.nextLong();
        if (!found.add(random.nextInt(WRITERS), shard, fingerprint, -position, position)) {
            return false;
        }
        model.computeIfAbsent(shard, s -> new TreeSet<>()).add(text(fingerprint, -position, position));
        return true;
    }

    private void halve(final FoundRecords found, final int shard) {
        for (int part = 0; part < found.partsPerShard(); part++) {
            final long[] records = read(found, shard, part);
            final int kept = records.length / FoundRecords.FIELDS / 2;
            found.replace(shard, part, records, kept);
            for (int at = kept * FoundRecords.FIELDS; at < records.length; at += FoundRecords.FIELDS) {
                assertTrue(model.get(shard).remove(text(records[at], records[at + 1], records[at + 2])));
            }
        }
    }

    private static Set<String> contents(final FoundRecords found, final int shard) {
        final List<String> texts = new ArrayList<>();
        for (int part = 0; part < found.partsPerShard(); part++) {
            final long[] records = read(found, shard, part);
            for (int at = 0; at < records.length; at += FoundRecords.FIELDS) {
                texts.add(text(records[at], records[at + 1], records[at + 2]));
                assertEquals(part, partOf(found, records[at]));
            }
        }
        final Set<String> set = new TreeSet<>(texts);
        assertEquals(texts.size(), set.size(), "a record is there twice");
        return set;
    }

    private static int partOf(final FoundRecords found, final long fingerprint) {
        return (int) Math.unsignedMultiplyHigh(fingerprint, found.partsPerShard());
    }

    private static long[] read(final FoundRecords found, final int shard, final int part) {
        final long[] records = new long[found.count(shard, part) * FoundRecords.FIELDS];
        found.read(shard, part, records);
        return records;
    }

    private static String text(final long fingerprint, final long word, final long position) {
        assertFalse(word > 0, "word and position changed places");
        return fingerprint + " " + word + " " + position;
    }
}
