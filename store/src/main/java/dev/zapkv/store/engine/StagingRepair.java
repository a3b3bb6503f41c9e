/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.FormatException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.log.StagedBlock;
import dev.zapkv.store.log.StagingFile;
import dev.zapkv.store.recovery.StagingReplay;
import dev.zapkv.store.recovery.UnsettledBlock;
import dev.zapkv.zone.ZoneAllocator;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/// Makes the blocks that a killed process left in staging what the log may append: what was claimed there and does
/// not count becomes padding, one record of it between two that count. If this process is killed, too, the next one
/// finds the same records that count, and begins again.
final class StagingRepair {
    private static final int HEADER = BlockFormat.HEADER_LENGTH;
    private static final byte[] NO_KEY = {0};
    private static final int SHORTEST = RecordFormat.align(RecordFormat.length(NO_KEY.length, 0));

    private final StagingReplay staged;
    private final ZoneDevice device;
    private final StagingFile file;
    private final RecordWriter writer = new RecordWriter();

    /// @param staged its blocks have been read
    StagingRepair(final StagingReplay staged, final ZoneDevice device) {
        this.staged = staged;
        this.device = device;
        file = staged.file();
    }

    /// Repairs all blocks that count. Of what lies on the device nothing has to be appended again.
    ///
    /// @param onDevice blocks that lie on the device; some of them perhaps twice
    /// @return the blocks in log order, without a gap in their numbers
    List<StagedBlock> run(final List<UnsettledBlock> onDevice) {
        final Map<Long, UnsettledBlock> found = new HashMap<>();
        onDevice.forEach(block -> found.putIfAbsent(block.number(), block));
        final List<StagingReplay.Block> blocks = new ArrayList<>(staged.blocks());
        while (!blocks.isEmpty()
                && isEmpty(blocks.getLast())
                && !found.containsKey(blocks.getLast().number())) {
            // Nothing was written there, and nothing follows: the number is free. What lies there of a batch must not
            // be found behind other records when the slot gets that number again.
            final int slot = blocks.removeLast().slot();
            file.memory().asSlice(file.slotOffset(slot), file.blockBytes()).fill((byte) 0);
        }
        return blocks.stream()
                .map(block -> repaired(block, found.get(block.number())))
                .toList();
    }

    private static boolean isEmpty(final StagingReplay.Block block) {
        return block.firstRecord() == block.endRecord();
    }

    private StagedBlock repaired(final StagingReplay.Block block, final UnsettledBlock onDevice) {
        final int length = fill(block);
        return onDevice == null || !isSame(block, length, onDevice.address())
                ? new StagedBlock(block.number(), block.slot(), length, ZoneAllocator.NONE, 0)
                : new StagedBlock(block.number(), block.slot(), length, onDevice.zone(), onDevice.address());
    }

    /// Whether what lies on the device is the block that would be appended: a valid one of that number
    /// should be.
    private boolean isSame(final StagingReplay.Block block, final int length, final long address) {
        final int appended =
                BlockFormat.appendLength(length - HEADER, device.geometry().blockSize());
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment found =
                    arena.allocate(appended, device.geometry().blockSize());
            device.readSync(address, found, 0, appended);
            final long slot = file.slotOffset(block.slot());
            return BlockFormat.payloadLength(found, 0) == length - HEADER
                    && MemorySegment.mismatch(found, HEADER, length, file.memory(), slot + HEADER, slot + length) < 0;
        }
    }

    /// @return length of the block in bytes
    private int fill(final StagingReplay.Block block) {
        final long slot = file.slotOffset(block.slot());
        int end = HEADER;
        for (int i = block.firstRecord(); i < block.endRecord(); i++) {
            final int at = (int) (staged.offset(i) - slot);
            if (at > end) {
                pad(block, end, at - end);
            }
            end = at + RecordFormat.align(RecordFormat.length(file.memory(), staged.offset(i)));
        }
        if (isEmpty(block)) {
            // A number that is missing on the device would cut off what lies behind it.
            pad(block, end, SHORTEST);
            end += SHORTEST;
        }
        return end;
    }

    private void pad(final StagingReplay.Block block, final int at, final int length) {
        if (length < SHORTEST) {
            throw new FormatException("the staging file " + file.path() + " is damaged at block " + block.number()
                    + ", offset " + at + ": move it away to open the store without what was only in staging");
        }
        final long position = block.number() * file.blockBytes() + at;
        writer.writePadding(file.memory(), file.slotOffset(block.slot()) + at, position, length);
    }
}
