/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import java.util.List;

/// What a salvage found, and what it cannot know.
///
/// @param storeId           identity of the store
/// @param blockBytes        length of the store's blocks in bytes; 0 if no block told
/// @param zones             zones of the source
/// @param unreadableZones   zones that could not be looked at
/// @param unreadableBytes   bytes in other zones that could not be read
/// @param blocks            blocks with records that were looked at
/// @param leftOverBlocks    blocks that were left alone because their zone was emptied since
/// @param voidBlocks        blocks that were left alone because they are known to have become void
/// @param damagedBlocks     blocks that are not what was written; records in them that hold by
///                          themselves count
/// @param damagedPlaces     places in them where records cannot be read
/// @param cutBatches        batches of which a part lies in such a place, so that only another part, or
///                          nothing, counts
/// @param records           records on the device that may count
/// @param staging           path of the staging file that was used; empty if none was
/// @param stagedRecords     records in it, most of which are on the device, too
/// @param keys              keys with a value
/// @param bytes             bytes of their keys and values
/// @param largeValues       those of them whose values lay in chunks
/// @param deletedKeys       keys whose newest record deletes them
/// @param incomplete        keys whose newest value is large and not whole, some of them: what came
///                          before it was
///                          taken, if anything
/// @param incompleteKeys    how many there are
/// @param presentMetadata   whether the store's metadata was found and is not outdated
/// @param problems          what is wrong with the source as a whole
/// @param unknown           what cannot be known: each is a sentence
/// @param memoryBytes       memory of the index of keys
/// @param durationNs        nanoseconds
public record SalvageReport(
        String storeId,
        int blockBytes,
        int zones,
        List<Integer> unreadableZones,
        long unreadableBytes,
        long blocks,
        long leftOverBlocks,
        long voidBlocks,
        long damagedBlocks,
        long damagedPlaces,
        long cutBatches,
        long records,
        String staging,
        long stagedRecords,
        long keys,
        long bytes,
        long largeValues,
        long deletedKeys,
        List<byte[]> incomplete,
        long incompleteKeys,
        boolean presentMetadata,
        List<String> problems,
        List<String> unknown,
        long memoryBytes,
        long durationNs) {
    /// Copies the lists.
    public SalvageReport {
        unreadableZones = List.copyOf(unreadableZones);
        incomplete = List.copyOf(incomplete);
        problems = List.copyOf(problems);
        unknown = List.copyOf(unknown);
    }

    /// Whether all that was found was what was written.
    public boolean isUndamaged() {
        return unreadableZones.isEmpty() && unreadableBytes == 0 && damagedBlocks == 0 && incompleteKeys == 0;
    }
}
