/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import static dev.zapkv.store.format.LittleEndian.INT;
import static dev.zapkv.store.format.LittleEndian.LONG;

import dev.zapkv.FormatException;
import dev.zapkv.ZapKvException;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.meta.StoreId;
import java.io.IOException;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// A copy of a {@link StagingFile} that a process left behind, which is not changed.
///
/// @param path       of the file
/// @param storeId    of the store
/// @param epoch      last life of the store that it may belong to
/// @param blockBytes length of a slot
/// @param slots      number of slots
/// @param memory     the slots, one behind the other
public record StagingCopy(Path path, StoreId storeId, long epoch, int blockBytes, int slots, MemorySegment memory) {
    /// Staging files of a store in a directory.
    public static List<Path> find(final Path directory, final StoreId storeId) {
        final List<Path> found = new ArrayList<>();
        if (Files.isDirectory(directory)) {
            try (var files = Files.newDirectoryStream(directory, StagingFile.glob(storeId))) {
                files.forEach(found::add);
            } catch (final IOException e) {
                throw new ZapKvException("cannot look for staging files in " + directory + ": " + e, e);
            }
        }
        return found;
    }

    /// Reads a staging file.
    ///
    /// @param arena owns the memory
    /// @throws FormatException if it is none, or not one that this version can read
    public static StagingCopy read(final Path path, final Arena arena) {
        try (FileChannel channel = FileChannel.open(path, StandardOpenOption.READ)) {
            final MemorySegment header = arena.allocate(StagingFile.SLOTS_OFFSET, 16);
            read(channel, 0, header);
            final int blockBytes = header.get(INT, StagingFile.BLOCK_BYTES_OFFSET);
            final int slotCount = header.get(INT, StagingFile.SLOT_COUNT_OFFSET);
            final int allocated = header.get(INT, StagingFile.ALLOCATED_OFFSET);
            final int version = header.get(INT, StagingFile.VERSION_OFFSET);
            final boolean valid = header.get(INT, 0) == StagingFile.MAGIC
                    && (version == StagingFile.VERSION || version == StagingFile.VERSION_APPENDED_ANEW)
                    && MetadataImage.isBlockBytes(blockBytes)
                    && slotCount > 0
                    && allocated >= 0
                    && allocated <= slotCount
                    && StagingFile.SLOTS_OFFSET + (long) slotCount * blockBytes <= channel.size();
            if (!valid) {
                throw new FormatException(path + " is no staging file that this version of ZapKV can read");
            }
            final MemorySegment memory = arena.allocate((long) allocated * blockBytes, 16);
            read(channel, StagingFile.SLOTS_OFFSET, memory);
            return new StagingCopy(
                    path,
                    new StoreId(
                            header.get(LONG, StagingFile.STORE_ID_HIGH_OFFSET),
                            header.get(LONG, StagingFile.STORE_ID_LOW_OFFSET)),
                    version == StagingFile.VERSION
                            ? Math.max(
                                    header.get(LONG, StagingFile.EPOCH_OFFSET),
                                    header.get(LONG, StagingFile.NEXT_EPOCH_OFFSET))
                            : header.get(LONG, StagingFile.EPOCH_OFFSET),
                    blockBytes,
                    allocated,
                    memory);
        } catch (final IOException e) {
            throw new ZapKvException("cannot read the staging file " + path + ": " + e, e);
        }
    }

    private static void read(final FileChannel channel, final long from, final MemorySegment target)
            throws IOException {
        final ByteBuffer buffer = target.asByteBuffer();
        while (buffer.hasRemaining() && channel.read(buffer, from + buffer.position()) >= 0) {
            // goes on where it stopped
        }
    }

    /// The bytes of a slot.
    public MemorySegment slot(final int slot) {
        return memory.asSlice((long) slot * blockBytes, blockBytes);
    }

    /// Number of the block in a slot; 0 if there is none.
    public long blockNumber(final int slot) {
        return memory.get(LONG, (long) slot * blockBytes + BlockFormat.BLOCK_NUMBER_OFFSET);
    }
}
