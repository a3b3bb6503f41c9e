/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

/// What a replay has seen and does not count.
///
/// @param voids            blocks that did not count in an earlier opening
/// @param behindGap        blocks behind a missing one: of no acknowledged write, or in staging still
/// @param otherGenerations blocks of earlier lives of their zones
/// @param damagedBlocks    blocks whose payload is not what was written
/// @param damagedRecords   blocks that count up to a record that is not what was written
public record DiscardedBlocks(
        long voids, long behindGap, long otherGenerations, long damagedBlocks, long damagedRecords) {
    /// Both together.
    DiscardedBlocks plus(final DiscardedBlocks other) {
        return new DiscardedBlocks(
                voids + other.voids,
                behindGap + other.behindGap,
                otherGenerations + other.otherGenerations,
                damagedBlocks + other.damagedBlocks,
                damagedRecords + other.damagedRecords);
    }
}
