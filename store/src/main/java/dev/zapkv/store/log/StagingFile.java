/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import static dev.zapkv.store.format.LittleEndian.INT;
import static dev.zapkv.store.format.LittleEndian.LONG;

import dev.zapkv.ConfigurationException;
import dev.zapkv.FormatException;
import dev.zapkv.StoreLockedException;
import dev.zapkv.ZapKvException;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.NativeMemory;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.meta.StoreId;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.invoke.VarHandle;
import java.nio.file.DirectoryIteratorException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// Shared memory that outlives the process: a file header, then slots of one append block each. The file is sparse
/// and grows by {@link #allocate}.
///
/// | offset | size | type | field      | meaning and valid range                    |
/// |-------:|-----:|------|------------|--------------------------------------------|
/// |      0 |    4 | u32  | magic      | {@link #MAGIC}                             |
/// |      4 |    4 | u32  | version    | {@link #VERSION}                           |
/// |      8 |    8 | u64  | storeIdHigh |                                           |
/// |     16 |    8 | u64  | storeIdLow |                                            |
/// |     24 |    8 | u64  | epoch      | life of the store that writes to the file  |
/// |     32 |    4 | u32  | blockBytes | length of a slot                           |
/// |     36 |    4 | u32  | slotCount  | slots the file can grow to                 |
/// |     40 |    4 | u32  | allocated  | slots backed with space; no other is read  |
/// |     44 |    4 | u32  | reserved   | 0                                          |
/// |     48 |    8 | u64  | nextEpoch  | life that was about to go on in it; 0: none was |
/// |     56 |    8 | u64  | bootIdHigh | run of the machine in which it was made, see {@link BootId} |
/// |     64 |    8 | u64  | bootIdLow  |                                            |
/// |     72 | 4,024 | –   | reserved   | 0                                          |
/// |  4,096 |    – | –    | slots      |                                            |
///
/// A slot begins with room for the block's header, in which only the block number is set until the block is sealed.
///
/// A file stays in use until the store is closed, or opened with nothing left in it: the life that follows a kill goes
/// on with the blocks that lie there ({@link #adopt}).
///
/// The content is written to memory, in an order that holds as long as the machine runs. In a directory on a disk the
/// file
/// may outlive that: then it holds any mix of older and newer pages, and parts of batches. So a file of an earlier run
/// of
/// the machine is as good as gone, as it is in shared memory.
public final class StagingFile implements AutoCloseable {
    /// {@code "ZAPS"}.
    public static final int MAGIC = 0x5350415A;
    /// The version written: the next life of the store goes on in the file.
    public static final int VERSION = 3;
    /// A version that can be read, too, as long as no later life has begun to append its records anew.
    static final int VERSION_APPENDED_ANEW = 2;
    /// Offset of the first slot.
    public static final int SLOTS_OFFSET = 4096;

    static final int VERSION_OFFSET = 4;
    static final int STORE_ID_HIGH_OFFSET = 8;
    static final int STORE_ID_LOW_OFFSET = 16;
    static final int EPOCH_OFFSET = 24;
    static final int BLOCK_BYTES_OFFSET = 32;
    static final int SLOT_COUNT_OFFSET = 36;
    static final int ALLOCATED_OFFSET = 40;
    static final int NEXT_EPOCH_OFFSET = 48;
    private static final int BOOT_ID_HIGH_OFFSET = 56;
    private static final int BOOT_ID_LOW_OFFSET = 64;
    private static final String SUFFIX = ".staging";

    private final NativeMemory.SharedFile file;
    private final int blockBytes;
    private int slotCount;
    private volatile int allocatedSlots;

    private StagingFile(final NativeMemory.SharedFile file, final int blockBytes, final int slotCount) {
        this.file = file;
        this.blockBytes = blockBytes;
        this.slotCount = slotCount;
    }

    /// Creates a staging file in the first of several directories that has room for {@code minSlots}.
    ///
    /// @param directories candidates in order of preference
    /// @throws ConfigurationException if none has
    public static StagingFile create(
            final List<Path> directories,
            final StoreId storeId,
            final long epoch,
            final int blockBytes,
            final int minSlots,
            final int maxSlots) {
        final StringBuilder refusals = new StringBuilder();
        for (final Path directory : directories) {
            final Path path = directory.resolve(prefix(storeId) + epoch + SUFFIX);
            try {
                Files.deleteIfExists(path);
                return create(path, storeId, epoch, blockBytes, minSlots, maxSlots);
            } catch (final DeviceException | IOException e) {
                refusals.append("\n  ").append(directory).append(": ").append(e.getMessage());
                try {
                    Files.deleteIfExists(path);
                } catch (final IOException ignored) {
                    refusals.append(" (and the partial file stays)");
                }
            }
        }
        throw new ConfigurationException("no room for " + (long) minSlots * blockBytes
                + " bytes of staging memory; give it more shared memory (containers: --shm-size), lower memoryBytes or"
                + " blockBytes, or set stagingDirectory. Tried:" + refusals);
    }

    private static String prefix(final StoreId storeId) {
        return "zapkv-" + storeId + "-";
    }

    /// What the names of a store's staging files match.
    static String glob(final StoreId storeId) {
        return prefix(storeId) + "*" + SUFFIX;
    }

    /// Deletes what openings that were cut short left behind. The store must be locked.
    ///
    /// @param keep the one staging file in use
    public static void deleteOthers(final List<Path> directories, final StoreId storeId, final Path keep) {
        for (final Path directory : directories) {
            try (DirectoryStream<Path> files = Files.newDirectoryStream(directory, glob(storeId))) {
                for (final Path file : files) {
                    if (!file.getFileName().equals(keep.getFileName())) {
                        Files.deleteIfExists(file);
                    }
                }
            } catch (final IOException | DirectoryIteratorException e) {
                throw new ZapKvException("cannot delete old staging files in " + directory, e);
            }
        }
    }

    private static StagingFile create(
            final Path path,
            final StoreId storeId,
            final long epoch,
            final int blockBytes,
            final int minSlots,
            final int maxSlots) {
        final long length = SLOTS_OFFSET + (long) maxSlots * blockBytes;
        final NativeMemory.SharedFile file = NativeMemory.SharedFile.open(path, length);
        try {
            final StagingFile staging = new StagingFile(file, blockBytes, maxSlots);
            file.tryLock(); // it has just been made: nobody else has it
            file.allocate(0, SLOTS_OFFSET);
            staging.allocate(minSlots);
            final MemorySegment memory = file.memory();
            memory.set(INT, VERSION_OFFSET, VERSION);
            memory.set(LONG, STORE_ID_HIGH_OFFSET, storeId.high());
            memory.set(LONG, STORE_ID_LOW_OFFSET, storeId.low());
            memory.set(LONG, EPOCH_OFFSET, epoch);
            memory.set(INT, BLOCK_BYTES_OFFSET, blockBytes);
            memory.set(INT, SLOT_COUNT_OFFSET, maxSlots);
            memory.set(LONG, BOOT_ID_HIGH_OFFSET, BootId.CURRENT.high());
            memory.set(LONG, BOOT_ID_LOW_OFFSET, BootId.CURRENT.low());
            memory.set(INT, 0, MAGIC);
            return staging;
        } catch (final RuntimeException e) {
            file.close();
            throw e;
        }
    }

    /// Opens the staging file a killed process left behind.
    ///
    /// @param newestEpoch last life of the store
    /// @param maxSlots    slots it shall be able to grow to, at least
    ///
    /// @return the file, or null if it is gone, was never completed, or is of an earlier run of the machine
    /// @throws FormatException      if it belongs to another store or another life of it
    /// @throws StoreLockedException if another process has it
    public static StagingFile openExisting(
            final Path path, final StoreId storeId, final long newestEpoch, final int maxSlots) {
        final StagingFile found = openLocked(path, storeId, newestEpoch, NativeMemory.SharedFile::open);
        if (found == null || found.slotCount >= maxSlots) {
            return found;
        }
        found.close();
        final long length = SLOTS_OFFSET + (long) maxSlots * found.blockBytes;
        return openLocked(path, storeId, newestEpoch, (file, shorter) -> NativeMemory.SharedFile.open(file, length));
    }

    private static StagingFile openLocked(
            final Path path, final StoreId storeId, final long newestEpoch, final Mapper mapper) {
        final StagingFile found = open(path, storeId, newestEpoch, mapper);
        if (found != null && !found.file.tryLock()) {
            found.close();
            throw new StoreLockedException("another process has the staging file " + path
                    + ": the store is a copy of one that is open, or was copied after a crash and the copy is open. Close"
                    + " that, and copy stores that were closed");
        }
        return found;
    }

    /// As {@link #openExisting}, to be looked at alone.
    ///
    /// @throws DeviceException if it may not be read
    public static StagingFile openReadOnly(final Path path, final StoreId storeId, final long newestEpoch) {
        return open(path, storeId, newestEpoch, NativeMemory.SharedFile::openReadOnly);
    }

    /// Maps a file of a length.
    private interface Mapper {
        NativeMemory.SharedFile map(Path path, long length);
    }

    private static StagingFile open(
            final Path path, final StoreId storeId, final long newestEpoch, final Mapper mapper) {
        final long length;
        try {
            if (!Files.exists(path)) {
                return null;
            }
            length = Files.size(path);
        } catch (final IOException e) {
            throw new ZapKvException("cannot look at the staging file " + path + ": check its permissions", e);
        }
        if (length < SLOTS_OFFSET) {
            return null;
        }
        final NativeMemory.SharedFile file = mapper.map(path, length);
        final MemorySegment memory = file.memory();
        final int blockBytes = memory.get(INT, BLOCK_BYTES_OFFSET);
        final int slotCount = memory.get(INT, SLOT_COUNT_OFFSET);
        if (memory.get(INT, 0) != MAGIC || !isOfThisRun(memory)) {
            file.close();
            return null;
        }
        final int version = memory.get(INT, VERSION_OFFSET);
        final boolean ofNewest = memory.get(LONG, EPOCH_OFFSET) == newestEpoch;
        if (version != VERSION && !(version == VERSION_APPENDED_ANEW && ofNewest)) {
            file.close();
            throw new FormatException("the staging file " + path + " has version " + Integer.toUnsignedString(version)
                    + ", this version reads " + VERSION + ": open the store with the version that wrote it and close it"
                    + " there; or, if it is of an earlier run of the machine or what was only in staging may be lost, move"
                    + " the file away and open the store without it");
        }
        final int allocated = memory.get(INT, ALLOCATED_OFFSET);
        final boolean ours = memory.get(LONG, STORE_ID_HIGH_OFFSET) == storeId.high()
                && memory.get(LONG, STORE_ID_LOW_OFFSET) == storeId.low()
                && (ofNewest || memory.get(LONG, NEXT_EPOCH_OFFSET) == newestEpoch)
                && MetadataImage.isBlockBytes(blockBytes)
                && slotCount > 0
                && allocated >= 0
                && allocated <= slotCount
                && SLOTS_OFFSET + (long) slotCount * blockBytes <= length;
        if (!ours) {
            file.close();
            throw new FormatException("the staging file " + path + " is not of this store's last life (store " + storeId
                    + ", epoch " + newestEpoch + "): move it away to open the store without what was only in staging");
        }
        final StagingFile staging = new StagingFile(file, blockBytes, slotCount);
        staging.allocatedSlots = allocated;
        return staging;
    }

    private static boolean isOfThisRun(final MemorySegment memory) {
        return memory.get(INT, VERSION_OFFSET) > VERSION
                || memory.get(INT, VERSION_OFFSET) < VERSION_APPENDED_ANEW
                || BootId.CURRENT.equals(
                        new BootId(memory.get(LONG, BOOT_ID_HIGH_OFFSET), memory.get(LONG, BOOT_ID_LOW_OFFSET)));
    }

    /// Life of the store the file belongs to.
    public long epoch() {
        return file.memory().get(LONG, EPOCH_OFFSET);
    }

    /// The next life of the store goes on in this file. To be noted before that life is in the metadata.
    ///
    /// @param maxSlots slots it may grow to from now on, if it has not already
    /// @throws DeviceException with {@link DeviceException#ENOSPC} if what it has is not backed with space
    public void adopt(final long epoch, final int maxSlots) {
        slotCount = Math.max(allocatedSlots, maxSlots);
        if (allocatedSlots > 0) {
            file.allocate(SLOTS_OFFSET, (long) allocatedSlots * blockBytes);
            NativeMemory.populate(file.memory().asSlice(SLOTS_OFFSET, (long) allocatedSlots * blockBytes));
        }
        file.memory().set(INT, SLOT_COUNT_OFFSET, slotCount);
        // The life before may have died before it came to this. The kernel keeps the order should the process die, the
        // JVM must too.
        file.memory().set(LONG, EPOCH_OFFSET, epoch - 1);
        VarHandle.fullFence();
        file.memory().set(LONG, NEXT_EPOCH_OFFSET, epoch);
        VarHandle.fullFence();
        file.memory().set(INT, VERSION_OFFSET, VERSION);
    }

    /// The life that was about to go on in the file is in the metadata. From here on an older image does
    /// not name it any
    /// more.
    public void begun() {
        file.memory().set(LONG, EPOCH_OFFSET, file.memory().get(LONG, NEXT_EPOCH_OFFSET));
    }

    /// The whole file.
    public MemorySegment memory() {
        return file.memory();
    }

    /// Where it lies.
    public Path path() {
        return file.path();
    }

    /// Length of a slot.
    public int blockBytes() {
        return blockBytes;
    }

    /// Slots the file can grow to.
    public int slotCount() {
        return slotCount;
    }

    /// Slots backed with space.
    public int allocatedSlots() {
        return allocatedSlots;
    }

    /// Offset of a slot in {@link #memory}.
    public long slotOffset(final int slot) {
        return SLOTS_OFFSET + (long) slot * blockBytes;
    }

    /// Block number noted in a slot's header; 0 if there is none.
    public long blockNumber(final int slot) {
        return memory().get(LONG, slotOffset(slot) + BlockFormat.BLOCK_NUMBER_OFFSET);
    }

    /// Notes a slot's block number for recovery.
    public void blockNumber(final int slot, final long number) {
        memory().set(LONG, slotOffset(slot) + BlockFormat.BLOCK_NUMBER_OFFSET, number);
    }

    /// Backs more slots with space and touches their pages.
    ///
    /// @throws DeviceException with {@link DeviceException#ENOSPC} if there is no space
    public void allocate(final int slots) {
        final long offset = slotOffset(allocatedSlots);
        final long length = (long) slots * blockBytes;
        file.allocate(offset, length);
        NativeMemory.populate(file.memory().asSlice(offset, length));
        final int allocated = allocatedSlots + slots;
        file.memory().set(INT, ALLOCATED_OFFSET, allocated);
        allocatedSlots = allocated;
    }

    /// Unmaps the file and leaves it where it is.
    @Override
    public void close() {
        file.close();
    }

    /// Unmaps the file and deletes it: nothing in it is needed any more.
    public void delete() {
        file.close();
        try {
            Files.deleteIfExists(file.path());
        } catch (final IOException e) {
            throw new ZapKvException("cannot delete the staging file " + file.path(), e);
        }
    }
}
