/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import static dev.zapkv.store.recovery.FoundRecords.FIELDS;

import dev.zapkv.store.index.IndexEntry;
import java.util.Arrays;

/// Finds of each key the newest among some records: the one with the highest log position, and of the same record
/// at two places the one at the lower address. (An append that was reported as failed had reached the media after
/// all, or garbage collection had copied it.) So it does not depend on the order they come in. One thread.
final class NewestRecords {
    private static final int WORD = 1;
    private static final int POSITION = 2;
    private static final int MIN_SLOTS = 64;

    // Fingerprint, word and position in turn.
    private long[] records = new long[0];
    // Number of a record plus one by hash of its fingerprint, or 0. A power of two, at most half of them taken.
    private int[] slots = new int[MIN_SLOTS];
    private int mask;
    private int count;

    /// Begins anew.
    ///
    /// @param most number of keys that may come
    void begin(final int most) {
        if (records.length < most * FIELDS) {
            records = new long[most * FIELDS + most / 4 * FIELDS];
        }
        final int wanted = Math.max(MIN_SLOTS, Integer.highestOneBit(Math.max(1, most)) << 2);
        if (slots.length < wanted) {
            slots = new int[wanted];
        } else {
            Arrays.fill(slots, 0, wanted, 0);
        }
        mask = wanted - 1;
        count = 0;
    }

    /// One more record.
    void add(final long fingerprint, final long word, final long position) {
        final int slot = find(fingerprint);
        if (slots[slot] == 0) {
            slots[slot] = count + 1;
            set(count, fingerprint, word, position);
            count++;
        } else {
            final int known = slots[slot] - 1;
            final long newest = records[known * FIELDS + POSITION];
            if (position > newest || (position == newest && isLower(word, records[known * FIELDS + WORD]))) {
                set(known, fingerprint, word, position);
            }
        }
    }

    /// The highest log position of a key, 0 if there is none.
    long position(final long fingerprint) {
        final int record = slots[find(fingerprint)];
        return record == 0 ? 0 : records[(record - 1) * FIELDS + POSITION];
    }

    /// The newest ones, as {@link FoundRecords} keeps them.
    long[] records() {
        return records;
    }

    /// Number of keys.
    int count() {
        return count;
    }

    private int find(final long fingerprint) {
        // All have the same upper bits.
        int slot = (int) fingerprint & mask;
        while (slots[slot] != 0 && records[(slots[slot] - 1) * FIELDS] != fingerprint) {
            slot = (slot + 1) & mask;
        }
        return slot;
    }

    private void set(final int record, final long fingerprint, final long word, final long position) {
        records[record * FIELDS] = fingerprint;
        records[record * FIELDS + WORD] = word;
        records[record * FIELDS + POSITION] = position;
    }

    private static boolean isLower(final long word, final long than) {
        return IndexEntry.deviceAddress(word) < IndexEntry.deviceAddress(than);
    }
}
