/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import java.util.List;

/// What {@link ZapKv#verify} checked and found.
///
/// @param zones           zones that were read
/// @param bytesRead       bytes read from the device
/// @param hostBlocks      blocks of writers, valid ones; those that no longer count too
/// @param gcBlocks        blocks of garbage collection, likewise
/// @param checkpointBlocks parts of checkpoints, likewise
/// @param metadataBlocks  metadata images, likewise
/// @param records         records whose checksum holds
/// @param tombstones      deletes among them
/// @param stagedRecords   records that lie only in the staging of a killed process
/// @param indexEntries    entries of the index
/// @param indexChecked    whether index and log were compared; if not, memory did not suffice
/// @param largeValues     values in chunks that are whole
/// @param chunks          their chunks
/// @param checkpoints     checkpoints that can be opened from
/// @param leftOverBytes   bytes of an earlier life of their zone below a write pointer
/// @param unusedBytes     other bytes below a write pointer behind the last block, or zero
/// @param findings        in the order of zones; at most {@link #MAX_FINDINGS}
/// @param findingsOmitted how many more there are
/// @param durationNs      nanoseconds
public record VerifyReport(
        int zones,
        long bytesRead,
        long hostBlocks,
        long gcBlocks,
        long checkpointBlocks,
        long metadataBlocks,
        long records,
        long tombstones,
        long stagedRecords,
        long indexEntries,
        boolean indexChecked,
        long largeValues,
        long chunks,
        int checkpoints,
        long leftOverBytes,
        long unusedBytes,
        List<Finding> findings,
        long findingsOmitted,
        long durationNs) {
    /// Findings that are kept; a listener hears of all.
    public static final int MAX_FINDINGS = 10_000;

    /// Copies the list.
    public VerifyReport {
        findings = List.copyOf(findings);
    }

    /// Whether something is wrong for certain.
    public boolean isDamaged() {
        return findingsOmitted > 0 || findings.stream().anyMatch(Finding::damage);
    }
}
