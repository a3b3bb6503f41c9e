/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// What an opening found, and how long each part of it took. Times in nanoseconds, sizes in bytes.
///
/// @param closedCleanly    whether the life of the store before it was closed; true for a new store
/// @param checkpoint       number of the checkpoint that the index was read from; 0: none, the whole log was read
/// @param metadataNs       to find the newest metadata
/// @param checkpointNs     to read the checkpoint
/// @param scanNs           to read and verify what was appended since it began
/// @param replayNs         to apply that to the index
/// @param stagingNs        to enter what was in staging
/// @param totalNs          of the whole opening, the start of the store's parts included
/// @param checkpointBytes  read of the checkpoint
/// @param logBytes         read of the log
/// @param blocks           blocks of the log that count
/// @param records          records in them
/// @param stagedRecords    records that were only in staging
/// @param voidBlocks       blocks that were discarded since they did not count in an earlier opening
/// @param blocksBehindGap  blocks that were discarded since one before them is missing: of no acknowledged write, or in
/// staging still
/// @param oldBlocks        blocks of earlier lives of their zones
/// @param damagedBlocks    blocks that are not what was written: torn, or damaged
/// @param damagedRecords   blocks whose rest was discarded behind a damaged record
/// @param offlineZones     zones that could not be read
public record RecoveryReport(
        boolean closedCleanly,
        long checkpoint,
        long metadataNs,
        long checkpointNs,
        long scanNs,
        long replayNs,
        long stagingNs,
        long totalNs,
        long checkpointBytes,
        long logBytes,
        long blocks,
        long records,
        long stagedRecords,
        long voidBlocks,
        long blocksBehindGap,
        long oldBlocks,
        long damagedBlocks,
        long damagedRecords,
        int offlineZones) {
    /// Nothing was found, in no time.
    public static final RecoveryReport NONE =
            new RecoveryReport(true, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0);
}
