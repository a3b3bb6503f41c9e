/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.ConfigurationException;
import dev.zapkv.FormatException;
import dev.zapkv.StoreLockedException;
import dev.zapkv.store.format.GoldenFile;
import dev.zapkv.store.meta.StoreId;
import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class StagingFileTest {
    private static final StoreId STORE = new StoreId(0x0102030405060708L, 0x1112131415161718L);
    private static final int BLOCK = 64 << 10;
    private static final int HEADER = 44;

    @TempDir
    private Path directory;

    private StagingFile create() {
        return StagingFile.create(List.of(directory), STORE, 3, BLOCK, 2, 8);
    }

    /// A file left by a killed process.
    private Path left() {
        final StagingFile file = create();
        file.blockNumber(1, 77);
        file.close();
        return file.path();
    }

    private static void patch(final Path path, final int offset, final int value) throws IOException {
        final byte[] bytes = Files.readAllBytes(path);
        ByteBuffer.wrap(bytes).order(ByteOrder.LITTLE_ENDIAN).putInt(offset, value);
        Files.write(path, bytes);
    }

    @Test
    void shouldBeginAsInTheGoldenFile() throws IOException {
        try (StagingFile file = create()) {
            assertEquals(HEADER, GoldenFile.read("staging-header").length);
            GoldenFile.assertMatches("staging-header", file.memory());
        }
    }

    @Test
    void shouldBeFoundAsItWasLeft() {
        final Path path = left();
        try (StagingFile file = StagingFile.openExisting(path, STORE, 3, 1)) {
            assertNotNull(file);
            assertEquals(3, file.epoch());
            assertEquals(BLOCK, file.blockBytes());
            assertEquals(8, file.slotCount());
            assertEquals(2, file.allocatedSlots());
            assertEquals(0, file.blockNumber(0));
            assertEquals(77, file.blockNumber(1));
            file.allocate(3);
            assertEquals(5, file.allocatedSlots());
            assertEquals(StagingFile.SLOTS_OFFSET + 4L * BLOCK, file.slotOffset(4));
        }
    }

    @Test
    void shouldBeGoneAfterDelete() {
        final StagingFile file = create();
        file.delete();
        assertFalse(Files.exists(file.path()));
        assertNull(StagingFile.openExisting(file.path(), STORE, 3, 1));
    }

    @Test
    void shouldBeNothingWhenItWasNeverCompleted() throws IOException {
        final Path path = left();
        patch(path, 0, 0);
        assertNull(StagingFile.openExisting(path, STORE, 3, 1));
        Files.write(path, new byte[100]);
        assertNull(StagingFile.openExisting(path, STORE, 3, 1));
        Files.write(path, new byte[0]);
        assertNull(StagingFile.openExisting(path, STORE, 3, 1));
    }

    @Test
    void shouldNotBelieveAFileOfAnEarlierRunOfTheMachine() throws IOException {
        final Path path = left();
        StagingFile.openExisting(path, STORE, 3, 1).close();
        patch(path, 56, (int) BootId.CURRENT.high() + 1);
        assertNull(StagingFile.openExisting(path, STORE, 3, 1));
        assertTrue(Files.exists(path));
    }

    @Test
    void shouldTellRunsOfTheMachineApart() throws IOException {
        final Path id = directory.resolve("id");
        Files.writeString(id, "01234567-89ab-cdef-0123-456789abcdef\n");
        assertEquals(new BootId(0x0123456789abcdefL, 0x0123456789abcdefL), BootId.read(id));
        Files.writeString(id, "none");
        assertEquals(new BootId(0, 0), BootId.read(id));
        assertEquals(new BootId(0, 0), BootId.read(directory.resolve("missing")));
        assertNotEquals(new BootId(0, 0), BootId.CURRENT);
    }

    @Test
    void shouldRefuseTheFileOfAnotherStoreOrALaterLife() {
        final Path path = left();
        final FormatException e =
                assertThrows(FormatException.class, () -> StagingFile.openExisting(path, new StoreId(1, 2), 3, 1));
        assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
        assertThrows(FormatException.class, () -> StagingFile.openExisting(path, STORE, 1, 1));
        assertThrows(FormatException.class, () -> StagingFile.openExisting(path, STORE, 4, 1));
    }

    @Test
    void shouldBelongToALifeThatWasAboutToBegin() {
        final Path path = left();
        try (StagingFile file = StagingFile.openExisting(path, STORE, 3, 1)) {
            file.adopt(4, 1);
        }
        try (StagingFile file = StagingFile.openExisting(path, STORE, 3, 1)) {
            assertEquals(3, file.epoch(), "it did not come as far as the metadata");
        }
        try (StagingFile file = StagingFile.openExisting(path, STORE, 4, 1)) {
            assertEquals(77, file.blockNumber(1));
            file.adopt(5, 1); // killed behind the metadata of life 4, and again before that of life 5
        }
        try (StagingFile file = StagingFile.openExisting(path, STORE, 4, 1)) {
            file.begun();
        }
        StagingFile.openExisting(path, STORE, 5, 1).close();
        assertThrows(
                FormatException.class,
                () -> StagingFile.openExisting(path, STORE, 4, 1),
                "older metadata, or a copy of the store");
    }

    @Test
    void shouldBelongToOneProcess() {
        final Path path = left();
        try (StagingFile file = StagingFile.openExisting(path, STORE, 3, 1)) {
            assertNotNull(file);
            final StoreLockedException e =
                    assertThrows(StoreLockedException.class, () -> StagingFile.openExisting(path, STORE, 3, 1));
            assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
        }
        StagingFile.openExisting(path, STORE, 3, 1).close();
    }

    @Test
    void shouldGrowFurtherInALifeThatMayHaveMore() {
        final Path path = left();
        try (StagingFile file = StagingFile.openExisting(path, STORE, 3, 12)) {
            file.adopt(4, 12);
            file.begun();
            assertEquals(12, file.slotCount());
            file.allocate(10);
            file.blockNumber(11, 78);
        }
        try (StagingFile file = StagingFile.openExisting(path, STORE, 4, 4)) {
            assertEquals(12, file.allocatedSlots());
            assertEquals(78, file.blockNumber(11));
            file.adopt(5, 4);
            assertEquals(12, file.slotCount(), "what it has it keeps");
        }
    }

    @Test
    void shouldOpenAFileThatWasJustMadeLonger() throws IOException {
        final Path path = left();
        Files.write(path, java.util.Arrays.copyOf(Files.readAllBytes(path), StagingFile.SLOTS_OFFSET + 12 * BLOCK));
        try (StagingFile file = StagingFile.openExisting(path, STORE, 3, 12)) {
            assertEquals(8, file.slotCount());
            assertEquals(77, file.blockNumber(1));
        }
    }

    @Test
    void shouldReadAFileOfVersionTwoIfNoLaterLifeHasTakenItsRecords() throws IOException {
        final Path path = left();
        patch(path, StagingFile.VERSION_OFFSET, 2);
        StagingFile.openExisting(path, STORE, 3, 1).close();
        final FormatException e =
                assertThrows(FormatException.class, () -> StagingFile.openExisting(path, STORE, 4, 1));
        assertTrue(e.getMessage().contains("version 2"), e.getMessage());
        try (StagingFile file = StagingFile.openExisting(path, STORE, 3, 1)) {
            file.adopt(4, 1);
        }
        StagingFile.openExisting(path, STORE, 4, 1).close();
    }

    @ParameterizedTest
    @ValueSource(ints = {0, 1, StagingFile.VERSION + 1, -1})
    void shouldSayWhatToDoWithAFileOfAnotherVersion(final int version) throws IOException {
        final Path path = left();
        patch(path, StagingFile.VERSION_OFFSET, version);
        final FormatException e =
                assertThrows(FormatException.class, () -> StagingFile.openExisting(path, STORE, 3, 1));
        for (final String part : List.of(
                path.toString(),
                "version " + Integer.toUnsignedString(version),
                "with the version that wrote it",
                "move the file away")) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
        assertTrue(Files.exists(path));
    }

    @Test
    void shouldRefuseSizesThatCannotBe() throws IOException {
        for (final int[] field : new int[][] {
            {4, 1}, {4, 4}, {32, 0}, {32, -1}, {32, BLOCK * 2}, {36, 0}, {36, -8}, {40, -1}, {40, 9}, {40, 1 << 30}
        }) {
            final Path path = left();
            patch(path, field[0], field[1]);
            assertThrows(
                    FormatException.class,
                    () -> StagingFile.openExisting(path, STORE, 3, 1),
                    () -> "offset " + field[0] + " value " + field[1]);
            Files.delete(path);
        }
        final Path path = left();
        Files.write(path, java.util.Arrays.copyOf(Files.readAllBytes(path), StagingFile.SLOTS_OFFSET + BLOCK));
        assertThrows(FormatException.class, () -> StagingFile.openExisting(path, STORE, 3, 1));
    }

    @Test
    void shouldTakeTheFirstDirectoryThatWorks() {
        final Path missing = directory.resolve("missing");
        final StagingFile file = StagingFile.create(List.of(missing, directory), STORE, 3, BLOCK, 2, 8);
        assertEquals(directory, file.path().getParent());
        file.delete();
        final ConfigurationException e = assertThrows(
                ConfigurationException.class, () -> StagingFile.create(List.of(missing), STORE, 3, BLOCK, 2, 8));
        assertTrue(e.getMessage().contains(missing.toString()), e.getMessage());
        assertTrue(e.getMessage().contains("stagingDirectory"), e.getMessage());
    }
}
