/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.salvage;

import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.CheckpointPart;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.PartPointer;
import dev.zapkv.store.format.ZoneLayout;
import dev.zapkv.store.format.ZoneNote;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.Stream;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.Int2IntHashMap;

/// What the blocks of one store say of it. Without the newest metadata nobody knows the present
/// generation of a
/// zone; but it is not below that of any block in the zone, nor below what an older metadata image or a
/// checkpoint
/// says. Blocks of lower generations are left-overs of a life of the zone that has ended.
final class StoreTraces {
    private static final ZoneLayout ANY_LAYOUT =
            new ZoneLayout(1, Long.MAX_VALUE, Long.MAX_VALUE, Integer.MAX_VALUE, 0);

    private final StoreId id;
    private final Int2IntHashMap generations = new Int2IntHashMap(-1);
    private final Int2IntHashMap newestOfBlocks = new Int2IntHashMap(-1);
    private final List<Long> voids = new ArrayList<>();
    private MetadataImage image;
    private long imageNumber;
    private long dataBlocks;
    private long newerBlocks;
    private boolean newerImage;
    private long highestEpoch;
    private int blockBytes;

    StoreTraces(final StoreId id) {
        this.id = id;
    }

    void add(final FoundBlock block) {
        if (block.version() != BlockFormat.VERSION) {
            newerBlocks++;
            return;
        }
        highestEpoch = Math.max(highestEpoch, block.epoch());
        if (block.holdsRecords()) {
            addRecords(block);
        } else if (block.intact() && block.stream() == Stream.METADATA) {
            addImage(block);
        } else if (block.intact() && block.stream() == Stream.CHECKPOINT) {
            raise(newestOfBlocks, block.zone(), block.generation());
            addCheckpointPart(block.memory(), block.payload(), block.payloadLength());
        }
    }

    private void addRecords(final FoundBlock block) {
        dataBlocks++;
        raise(newestOfBlocks, block.zone(), block.generation());
        final long first = block.minLogPosition() - BlockFormat.HEADER_LENGTH;
        if (block.stream() == Stream.HOST && block.number() > 0 && first % block.number() == 0) {
            final long bytes = first / block.number();
            if (bytes == (int) bytes && MetadataImage.isBlockBytes((int) bytes)) {
                blockBytes = (int) bytes;
            }
        }
    }

    private void addImage(final FoundBlock block) {
        final MemorySegment memory = block.memory();
        if (block.payloadLength() < Integer.BYTES
                || MetadataImage.version(memory, block.payload()) > MetadataImage.VERSION) {
            newerImage = true;
            return;
        }
        final MetadataImage found = MetadataImage.decode(memory, block.payload(), block.payloadLength());
        if (found != null) {
            add(found, block.number());
        }
    }

    /// A metadata image.
    ///
    /// @param number of its block
    void add(final MetadataImage found, final long number) {
        voids.addAll(found.voids());
        for (int zone = 0; zone < found.generations().size(); zone++) {
            // What lay in a zone that was given up counts no more, even if it can be read again.
            raise(generations, zone, found.generation(zone) + (found.isLossKnown(zone) ? 1 : 0));
        }
        if (number > imageNumber) {
            imageNumber = number;
            image = found;
        }
    }

    private void addCheckpointPart(final MemorySegment memory, final int payload, final int length) {
        if (length < CheckpointPart.ITEMS_OFFSET) {
            return;
        }
        final int count = memory.get(LittleEndian.INT, payload + CheckpointPart.COUNT_OFFSET);
        final PartPointer pointer = new PartPointer(0, 0, length, CheckpointPart.ZONES, 0, count);
        if (count >= 0 && CheckpointPart.isValid(memory, payload, length, pointer)) {
            final List<ZoneNote> notes = CheckpointPart.zones(memory, payload, count, ANY_LAYOUT);
            if (notes != null) {
                notes.forEach(note -> raise(generations, note.zone(), note.generation()));
            }
        }
    }

    private static void raise(final Int2IntHashMap generations, final int zone, final int generation) {
        if (generation > generations.get(zone)) {
            generations.put(zone, generation);
        }
    }

    StoreId id() {
        return id;
    }

    /// Blocks with records, left-overs and damaged ones among them.
    long dataBlocks() {
        return dataBlocks;
    }

    /// Blocks of a format version that this version of ZapKV does not know.
    long newerBlocks() {
        return newerBlocks;
    }

    long highestEpoch() {
        return highestEpoch;
    }

    /// Length of a block, or 0 if it is not known.
    int blockBytes() {
        return image != null ? image.blockBytes() : blockBytes;
    }

    /// Whether blocks of a life of a zone are left-overs.
    boolean isLeftOver(final FoundBlock block) {
        return block.generation() < Math.max(generations.get(block.zone()), newestOfBlocks.get(block.zone()));
    }

    /// Whether host blocks of this number became void, as far as is known.
    boolean isVoid(final long number) {
        for (int i = 0; i < voids.size(); i += 2) {
            if (number >= voids.get(i) && number <= voids.get(i + 1)) {
                return true;
            }
        }
        return false;
    }

    /// The newest metadata image, or null. It may be outdated, see {@link #hasPresentMetadata}.
    MetadataImage image() {
        return image;
    }

    /// Whether the newest metadata image that was found is the newest that was written, as far as blocks
    /// tell: each
    /// life of the store, and each life of a zone, is noted there before it begins.
    boolean hasPresentMetadata() {
        if (image == null || newerImage || newerBlocks > 0 || image.epoch() < highestEpoch) {
            return false;
        }
        final boolean[] present = {true};
        newestOfBlocks.forEachInt((zone, generation) -> present[0] &= generation <= image.generation(zone));
        return present[0];
    }
}
