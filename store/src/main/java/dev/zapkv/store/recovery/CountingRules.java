/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.index.IndexEntry;
import java.util.ArrayList;
import java.util.List;

/// Which host blocks count, and with them the records that were first written there. Read by all threads of a
/// replay, changed between its passes.
final class CountingRules {
    private final long blockBytes;
    private final long settledBlock;
    private final long settledEnd;
    private final List<Long> voids;
    private final boolean[] voidSeen;
    private final long checkpointedBefore;
    private long countingUpTo;
    private long firstMissing;

    /// @param checkpointedBefore first block behind the checkpoint that the replay began with; 0 without one
    CountingRules(final MetadataImage image, final long checkpointedBefore) {
        this.checkpointedBefore = checkpointedBefore;
        blockBytes = image.blockBytes();
        settledBlock = image.settledBlock();
        settledEnd = settledBlock < Long.MAX_VALUE / blockBytes ? (settledBlock + 1) * blockBytes : Long.MAX_VALUE;
        voids = image.voids();
        voidSeen = new boolean[voids.size() / 2];
    }

    /// Decides on what lies behind the settled block.
    ///
    /// @param lastBlock last host block that counts
    /// @param missing   first one behind the settled block that is missing although blocks behind it count, or 0
    void decide(final long lastBlock, final long missing) {
        countingUpTo = lastBlock;
        firstMissing = missing;
    }

    /// Whether a tombstone is older than the checkpoint: it was moved since, because a newer delete had taken the
    /// key's value. That delete may be lost, and the checkpoint has what this one left.
    boolean isInCheckpoint(final long logPosition) {
        return blockOf(logPosition) < checkpointedBefore;
    }

    /// Whether a host block counts whatever else is found.
    boolean isSettled(final long block) {
        return block <= settledBlock;
    }

    /// Whether a record was first written in such a block.
    boolean isSettledAt(final long logPosition) {
        return logPosition < settledEnd;
    }

    /// The block a record was first written in.
    long blockOf(final long logPosition) {
        return logPosition / blockBytes;
    }

    /// Whether what was first written in a block counts; behind the settled one this must have been decided.
    boolean counts(final long block) {
        return (isSettled(block) || block <= countingUpTo) && !isVoid(block);
    }

    /// Whether a block was seen in an earlier opening and did not count.
    boolean isVoid(final long block) {
        for (int i = 0; i < voidSeen.length; i++) {
            if (block >= voids.get(2 * i) && block <= voids.get(2 * i + 1)) {
                voidSeen[i] = true;
                return true;
            }
        }
        return false;
    }

    /// Whether a record that counts is the head of a large value behind a missing block, and with that block a
    /// chunk may be missing.
    boolean isDoubtful(final long word, final long logPosition) {
        return IndexEntry.isLarge(word) && firstMissing != 0 && blockOf(logPosition) > firstMissing;
    }

    /// Ranges of void block numbers, first and last in turn.
    ///
    /// @param all whether not only those of which a block was seen
    List<Long> voids(final boolean all) {
        final List<Long> kept = new ArrayList<>();
        for (int i = 0; i < voidSeen.length; i++) {
            if (all || voidSeen[i]) {
                kept.add(voids.get(2 * i));
                kept.add(voids.get(2 * i + 1));
            }
        }
        return kept;
    }
}
