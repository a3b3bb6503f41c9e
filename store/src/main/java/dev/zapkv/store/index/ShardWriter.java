/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.index;

/// Many changes of one shard in a row: its latch is taken once, so the processor need not wait for one change
/// before it begins to load what the next one needs. Other writers of the shard wait until this one is closed.
/// One thread.
///
/// A shard that was empty may be filled in the order of unsigned fingerprints without any search.
public final class ShardWriter implements AutoCloseable {
    private static final long NONE = -1;

    private final PointIndex index;
    private final SlotTable table;
    private final int shard;
    // The last entry of the shard as long as entries come in order, NONE before the first one.
    private boolean inOrder;
    private long lastSlot = NONE;
    private long lastFingerprint;

    /// Of a shard whose latch is taken.
    ShardWriter(final PointIndex index, final SlotTable table, final int shard) {
        this.index = index;
        this.table = table;
        this.shard = shard;
        inOrder = table.entries(shard) == 0;
    }

    /// Enters or replaces the word of a fingerprint, whatever it was. Any value is a word here except 0 and the
    /// refusals, so that an index may also map keys to something else.
    ///
    /// @return the word before, 0 if there was none; or, with nothing changed, {@link PointIndex#REFUSED_FULL}
    public long set(final long fingerprint, final long word) {
        PointIndex.checkWord(word);
        final boolean last = inOrder && (lastSlot == NONE || Long.compareUnsigned(fingerprint, lastFingerprint) > 0);
        if (last) {
            final long slot =
                    table.append(shard, lastSlot == NONE ? 0 : lastSlot + SlotTable.SLOT_BYTES, fingerprint, word);
            if (slot != 0) {
                lastSlot = slot;
                lastFingerprint = fingerprint;
                return 0;
            }
        }
        inOrder = last;
        final long previous = index.setLatched(shard, fingerprint, word);
        if (last) {
            lastSlot = table.find(shard, fingerprint);
            lastFingerprint = fingerprint;
        }
        return previous;
    }

    /// Replaces the word of a fingerprint that has one.
    ///
    /// @return the word before; 0, with nothing changed, if there was none
    public long replace(final long fingerprint, final long word) {
        PointIndex.checkWord(word);
        final long slot = table.find(shard, fingerprint);
        if (!table.holds(shard, slot, fingerprint)) {
            return 0;
        }
        final long previous = table.word(slot);
        table.replace(shard, slot, word);
        return previous;
    }

    /// Removes the entry of a fingerprint.
    ///
    /// @return its word, 0 if there was none
    public long remove(final long fingerprint) {
        final long slot = table.find(shard, fingerprint);
        if (!table.holds(shard, slot, fingerprint)) {
            return 0;
        }
        final long previous = table.word(slot);
        table.remove(shard, slot);
        inOrder = false;
        return previous;
    }

    /// Makes room for so many entries at once.
    ///
    /// @return false if the memory limit does not allow it
    public boolean reserve(final long entries) {
        inOrder &= lastSlot == NONE;
        return index.grow(shard, entries);
    }

    /// Lets others in.
    @Override
    public void close() {
        index.unlock(shard);
    }
}
