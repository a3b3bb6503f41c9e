/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import dev.zapkv.io.DeviceCounters;
import java.util.List;

/// Figures of an open store at one moment; counters start at opening. All sizes in bytes.
///
/// @param keys                 keys with a value
/// @param liveBytes            record bytes (header, key, value, padding) that the index points at
/// @param garbageBytes         written bytes of data zones that are not live
/// @param capacityBytes        the store's bound, or -1 if it grows as long as its file system has room
/// @param deviceBytesUsed      bytes of zones in use, free part included
/// @param indexMemoryBytes     off-heap memory of the point index
/// @param stagingMemoryBytes   staging memory in use: blocks being filled or appended
/// @param cacheMemoryBytes     memory of the cache of blocks that were appended last
/// @param stagingLocation      where staging lies
/// @param memoryBudgetBytes    the configured budget of index, staging and cache
/// @param userBytesWritten     key and value bytes of accepted puts, keys of deletes
/// @param hostBytesAppended    bytes appended for writers
/// @param relocatedBytes       bytes appended by garbage collection
/// @param metadataBytes        bytes appended to the metadata zones
/// @param checkpointBytes      bytes appended for checkpoints
/// @param writeAmplification   all appended bytes divided by {@code userBytesWritten}; 0 before the first write
/// @param puts                 accepted puts, batch members included
/// @param deletes              accepted deletes, batch members included
/// @param gets                 look-ups
/// @param deviceReads          look-ups that went to the device
/// @param writeStalls          times a writer waited for staging space
/// @param zonesCollected       zones emptied by garbage collection
/// @param checkpoints          checkpoints written
/// @param checkpointProblem    why the last one could not be written; empty if it could
/// @param flushes              device flushes
/// @param asynchronousIo       {@code io_uring}, or the fall-back in use and why
/// @param device               what went through the device since it was opened
/// @param writePaths           how values got there
/// @param scrub                what a scrub has read and found
/// @param losses               zones that are offline and held something, and what was lost with each
/// @param opening              what the last opening found, and how long it took
/// @param recovery             one line on what the last opening found
public record StoreStats(
        long keys,
        long liveBytes,
        long garbageBytes,
        long capacityBytes,
        long deviceBytesUsed,
        long indexMemoryBytes,
        long stagingMemoryBytes,
        long cacheMemoryBytes,
        String stagingLocation,
        long memoryBudgetBytes,
        long userBytesWritten,
        long hostBytesAppended,
        long relocatedBytes,
        long metadataBytes,
        long checkpointBytes,
        double writeAmplification,
        long puts,
        long deletes,
        long gets,
        long deviceReads,
        long writeStalls,
        long zonesCollected,
        long checkpoints,
        String checkpointProblem,
        long flushes,
        String asynchronousIo,
        DeviceCounters device,
        WritePaths writePaths,
        ScrubStats scrub,
        List<ZoneLoss> losses,
        RecoveryReport opening,
        String recovery) {
    /// Copies the list.
    public StoreStats {
        losses = List.copyOf(losses);
    }

    /// Off-heap index memory divided by keys; 0 for an empty store.
    public double indexBytesPerKey() {
        return keys == 0 ? 0 : (double) indexMemoryBytes / keys;
    }
}
