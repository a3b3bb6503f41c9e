/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.FormatException;
import dev.zapkv.io.ForwardingZoneDevice;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.log.StagedBlock;
import dev.zapkv.store.log.StagingFile;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.store.recovery.StagingReplay;
import dev.zapkv.store.recovery.UnsettledBlock;
import dev.zapkv.zone.ZoneAllocator;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class StagingRepairTest {
    private static final int BLOCK = 16 << 10;
    private static final int SLOTS = 4;
    private static final int HEADER = BlockFormat.HEADER_LENGTH;
    private static final int RECORD = 64;
    private static final byte[] KEY = {1};
    private static final byte[] VALUE = new byte[RECORD - RecordFormat.HEADER_LENGTH - KEY.length];

    private final RecordWriter writer = new RecordWriter();

    @TempDir
    private Path directory;

    private final MemorySegment media = Arena.ofAuto().allocate(1 << 20, 4096);
    private StagingFile file;
    private ZoneDevice device;

    @BeforeEach
    void create() {
        final ZoneGeometry geometry = new ZoneGeometry(512, 64 << 10, 64 << 10, 16, 0, 0, BLOCK);
        device =
                new ForwardingZoneDevice(new SimZoneDevice(new SimMedia(geometry), SimOptions.DEFAULT, new Random(1))) {
                    @Override
                    public void readSync(
                            final long address, final MemorySegment target, final long at, final int length) {
                        MemorySegment.copy(media, address, target, at, length);
                    }
                };
        file = StagingFile.create(List.of(directory), new StoreId(1, 2), 1, BLOCK, SLOTS, SLOTS);
    }

    @AfterEach
    void delete() {
        device.close();
        file.delete();
    }

    @Test
    void shouldMakePaddingOfWhatWasNotCommitted() {
        block(0, 7);
        record(0, 7, HEADER + RECORD, 0);
        record(0, 7, HEADER + 4 * RECORD, 0);

        final StagedBlock block = repair(7).getFirst();

        assertEquals(new StagedBlock(7, 0, HEADER + 5 * RECORD, ZoneAllocator.NONE, 0), block);
        assertEquals(
                List.of("padding 64", "record 64", "padding 128", "record 64"), records(block), "records back to back");
        assertEquals(List.of(block), repair(7), "once more, as if this process had been killed, too");
        assertEquals(2, visited(7));
    }

    @Test
    void shouldMakePaddingOfTheRestOfABatchWhoseBeginningWasNotCommitted() {
        block(0, 7);
        record(0, 7, HEADER, 0);
        record(0, 7, HEADER + 2 * RECORD, RecordFormat.FLAG_BATCH_PART);
        record(0, 7, HEADER + 3 * RECORD, RecordFormat.FLAG_BATCH_PART);
        record(0, 7, HEADER + 4 * RECORD, 0);

        final StagedBlock block = repair(7).getFirst();

        assertEquals(List.of("record 64", "padding 192", "record 64"), records(block));
        assertEquals(List.of(block), repair(7));
    }

    @Test
    void shouldNotCountABatchThatWasCancelledInPart() {
        block(0, 7);
        record(0, 7, HEADER, RecordFormat.FLAG_PADDING);
        record(0, 7, HEADER + RECORD, RecordFormat.FLAG_BATCH_PART);
        record(0, 7, HEADER + 2 * RECORD, 0);

        assertEquals(1, visited(7));
        assertEquals(List.of("padding 128", "record 64"), records(repair(7).getFirst()));
    }

    @Test
    void shouldKeepTheNumberOfAnEmptyBlockThatOthersFollow() {
        block(0, 7);
        block(1, 8);
        record(1, 8, HEADER, 0);

        final List<StagedBlock> blocks = repair(7);

        assertEquals(List.of(7L, 8L), blocks.stream().map(StagedBlock::number).toList());
        assertEquals(List.of("padding 48"), records(blocks.getFirst()), "else it would be missing on the device");
    }

    @Test
    void shouldFreeTheNumbersOfEmptyBlocksAtTheEnd() {
        block(2, 7);
        record(2, 7, HEADER, 0);
        block(0, 8);
        block(1, 9);

        assertEquals(List.of(7L), repair(7).stream().map(StagedBlock::number).toList());
        assertEquals(0, file.blockNumber(0), "it must not be taken for the next block of that number");
        assertEquals(0, file.blockNumber(1));
        assertEquals(7, new StagingReplay(file, 6).lastBlock());
    }

    @Test
    void shouldLeaveNothingOfABatchWhereTheNumberMayComeAgain() {
        block(0, 7);
        record(0, 7, HEADER, 0);
        block(1, 8);
        record(1, 8, HEADER + RECORD, RecordFormat.FLAG_BATCH_PART);
        assertEquals(1, repair(7).size());

        block(1, 8);
        record(1, 8, HEADER, 0);
        assertEquals(2, visited(7), "the new record, and not what once lay behind its place");
    }

    @Test
    void shouldTellWhatLiesOnTheDeviceAlready() {
        for (int i = 0; i < 3; i++) {
            block(i, 7 + i);
            record(i, 7 + i, HEADER, 0);
        }

        append(1, 0x5000);
        append(2, 0x9000);
        media.set(LittleEndian.BYTE, 0x9000 + HEADER + RECORD - 1, (byte) 1);

        final List<StagedBlock> blocks = new StagingRepair(read(7), device)
                .run(List.of(
                        new UnsettledBlock(8, 5, 0, 0x5000),
                        new UnsettledBlock(8, 6, 0, 0x7000),
                        new UnsettledBlock(9, 5, 0, 0x9000)));

        assertEquals(new StagedBlock(8, 1, HEADER + RECORD, 5, 0x5000), blocks.get(1));
        assertEquals(ZoneAllocator.NONE, blocks.get(2).zone(), "another block with that number");
        assertEquals(ZoneAllocator.NONE, blocks.get(0).zone());
    }

    @Test
    void shouldRefuseAHoleThatNoRecordCanHaveLeft() {
        block(0, 7);
        record(0, 7, HEADER + RecordFormat.ALIGNMENT, 0);

        final FormatException e = assertThrows(FormatException.class, () -> repair(7));
        assertTrue(e.getMessage().contains(file.path().toString()), e.getMessage());
        assertTrue(e.getMessage().contains("move it away"), e.getMessage());
    }

    private void block(final int slot, final long number) {
        file.blockNumber(slot, number);
    }

    private void record(final int slot, final long block, final int at, final int flags) {
        final long offset = file.slotOffset(slot) + at;
        writer.write(file.memory(), offset, block * BLOCK + at, flags, KEY, VALUE, 0, VALUE.length);
        RecordWriter.commit(file.memory(), offset, RECORD);
    }

    private void append(final int slot, final long address) {
        MemorySegment.copy(file.memory(), file.slotOffset(slot), media, address, BLOCK);
        media.set(LittleEndian.INT, address + BlockFormat.PAYLOAD_LENGTH_OFFSET, RECORD);
    }

    private StagingReplay read(final long from) {
        final StagingReplay replay = new StagingReplay(file, from - 1);
        replay.read(from);
        return replay;
    }

    private long visited(final long from) {
        return read(from).visit((position, flags, key, value) -> assertFalse((flags & RecordFormat.FLAG_PADDING) != 0));
    }

    private List<StagedBlock> repair(final long from) {
        return new StagingRepair(read(from), device).run(List.of());
    }

    /// What lies in a block, back to back.
    private List<String> records(final StagedBlock block) {
        final MemorySegment memory = file.memory().asSlice(file.slotOffset(block.slot()), BLOCK);
        final List<String> found = new ArrayList<>();
        int at = HEADER;
        while (at < block.length()) {
            assertNull(RecordFormat.invalidReason(memory, memory.asByteBuffer(), at, block.length(), new CRC32C()));
            assertEquals(block.number() * BLOCK + at, RecordFormat.logPosition(memory, at));
            final boolean padding = (RecordFormat.flags(memory, at) & RecordFormat.FLAG_PADDING) != 0;
            found.add((padding ? "padding " : "record ") + RecordFormat.length(memory, at));
            at += RecordFormat.align(RecordFormat.length(memory, at));
        }
        assertEquals(block.length(), at);
        return found;
    }
}
