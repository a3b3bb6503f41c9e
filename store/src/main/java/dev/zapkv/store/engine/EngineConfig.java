/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.Durability;
import dev.zapkv.Finding;
import dev.zapkv.RecoveryProgress;
import dev.zapkv.ZoneLoss;
import dev.zapkv.io.ZoneDevice;
import java.nio.file.Path;
import java.util.List;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// What an engine is opened with: checked and complete.
///
/// @param device             the device, owned by the engine from here on
/// @param name               what messages call the store
/// @param capacityBytes      bound of a new store in bytes, or -1
/// @param memoryBytes        budget of index and staging
/// @param blockBytes         largest append block of a new store
/// @param checkpointBytes    bytes appended from one checkpoint to the next; 0: decided by the size of the
/// index
/// @param durability         level of writes that name none
/// @param createIfMissing    whether an empty device becomes a store
/// @param stagingDirectories candidates for the staging file, in order of preference
/// @param threaded           whether an I/O thread runs; else the caller drives
/// @param nanoClock          monotonic time in nanoseconds
/// @param randomSeed         source of identities and secrets
/// @param lossListener       told of each zone that is lost
/// @param scrubBytesPerSecond read in the background to verify full zones; 0: none
/// @param scrubListener      told of each damaged place
/// @param recoveryListener   told how far the opening is
public record EngineConfig(
        ZoneDevice device,
        String name,
        long capacityBytes,
        long memoryBytes,
        int blockBytes,
        long checkpointBytes,
        Durability durability,
        boolean createIfMissing,
        List<Path> stagingDirectories,
        boolean threaded,
        LongSupplier nanoClock,
        LongSupplier randomSeed,
        Consumer<ZoneLoss> lossListener,
        long scrubBytesPerSecond,
        Consumer<Finding> scrubListener,
        Consumer<RecoveryProgress> recoveryListener) {
    /// Copies the list.
    public EngineConfig {
        stagingDirectories = List.copyOf(stagingDirectories);
    }
}
