/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.BitSet;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// The disk is full to the last byte: what is there can be read and deleted, the store can be closed, killed and
/// opened, and it takes values again when there is space.
///
/// With a bound and without one: a bound may be above what the disk has.
@Tag("integration")
@Timeout(value = 3, unit = TimeUnit.MINUTES, threadMode = Timeout.ThreadMode.SEPARATE_THREAD)
class StoreOnFullDiskIT {
    private static final int VALUE = 1000;
    private static final int MEMORY = 32 << 20;
    private static final int SMALL_ZONE = 1 << 20;
    private static final String DISK = "48m";
    private static final int LARGE_ZONE = 32 << 20;
    private static final String LARGE_DISK = "208m";
    private static final int TAKEN = 16 << 20;
    private static final int MANY = 1_000_000;
    private static final String UNCLEAN = "not closed cleanly";
    private static final int STRAY = 1 << 24;

    @TempDir
    private Path root;

    private SmallDisk disk;
    private final BitSet there = new BitSet();

    @AfterEach
    void unmount() throws IOException, InterruptedException {
        if (disk != null) {
            disk.unmount();
        }
    }

    private Path mount(final String size) throws IOException, InterruptedException {
        disk = SmallDisk.mount(root.resolve("disk"), size);
        return disk.path().resolve("store");
    }

    private static Context context(final Path directory, final int zone) {
        return new Context().directory(directory).memoryBytes(MEMORY).zoneSizeBytes(zone);
    }

    private static ZapKv open(final Path directory, final long capacity) {
        final Context context = context(directory, SMALL_ZONE);
        return ZapKv.open(capacity < 0 ? context : context.capacityBytes(capacity));
    }

    private static void put(final ZapKv store, final int key) {
        store.put(TestData.key(key), TestData.value(key, 1, VALUE));
    }

    /// Puts keys from one on until the store refuses.
    ///
    /// @return the first that was refused
    private static int fill(final ZapKv store, final int from) {
        for (int key = from; key < from + MANY; key++) {
            try {
                put(store, key);
            } catch (final StoreFullException e) {
                return key;
            }
        }
        throw new AssertionError("the disk never got full");
    }

    private void fill(final ZapKv store) {
        final int from = there.length();
        there.set(from, fill(store, from));
    }

    private void assertHolds(final ZapKv store, final String when) {
        for (int key = 0; key < there.length(); key++) {
            final byte[] found = store.get(TestData.key(key));
            if (there.get(key)) {
                assertArrayEquals(TestData.value(key, 1, VALUE), found, when + ": key " + key);
            } else {
                assertNull(found, when + ": key " + key + " was deleted");
            }
        }
        assertEquals(there.cardinality(), store.count(), when);
    }

    private void delete(final ZapKv store, final int from, final int to) {
        for (int key = from; key < to; key++) {
            store.delete(TestData.key(key), key % 100 == 0 ? WriteOptions.FLUSHED : WriteOptions.PROCESS);
            there.clear(key);
        }
    }

    private static void assertSaysWhatToDo(final Path directory, final ZapKvException e) {
        assertTrue(e.getMessage().contains(directory.toString()), e.getMessage());
        assertTrue(e.getMessage().contains("free space"), e.getMessage());
        assertTrue(e.getMessage().contains("delete keys"), e.getMessage());
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 256 << 20})
    void shouldReadAndDeleteAndGoOnWhenThereIsSpace(final long capacity) throws Exception {
        final Path directory = mount(DISK);
        disk.take(TAKEN);
        try (ZapKv store = open(directory, capacity)) {
            fill(store);
            disk.takeAll();
            assertSaysWhatToDo(directory, assertThrows(StoreFullException.class, () -> put(store, STRAY)));
            assertHolds(store, "full");

            final int all = there.length();
            delete(store, 0, all / 4);
            assertHolds(store, "after deletes on a full disk");
            final int before = there.length();
            fill(store);
            assertTrue(
                    there.length() > before + all / 8,
                    "deletes made room for " + (there.length() - before) + " of " + all / 4);
            assertHolds(store, "filled again");

            disk.giveBack();
            put(store, there.length());
            there.set(there.length());
            fill(store);
            assertTrue(there.cardinality() > all + TAKEN / 2 / VALUE, "space that was given back was used");
            assertHolds(store, "filled after space was given back");
        }
        try (ZapKv store = open(directory, capacity)) {
            assertHolds(store, "opened again");
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 256 << 20})
    void shouldBeClosedAndOpenedOnAFullDisk(final long capacity) throws Exception {
        final Path directory = mount(DISK);
        disk.take(TAKEN);
        try (ZapKv store = open(directory, capacity)) {
            fill(store);
            disk.takeAll();
        }
        for (int life = 0; life < 3; life++) {
            disk.takeAll();
            try (ZapKv store = open(directory, capacity)) {
                assertFalse(
                        store.stats().recovery().contains(UNCLEAN),
                        store.stats().recovery());
                assertHolds(store, "life " + life);
                delete(store, life * 1000, life * 1000 + 500);
                fill(store);
            }
        }
        disk.giveBack();
        try (ZapKv store = open(directory, capacity)) {
            assertHolds(store, "with space");
            final int before = there.length();
            fill(store);
            assertTrue(there.length() > before + TAKEN / 2 / VALUE, "space that was given back was used");
        }
    }

    /// Fills a store, says how many keys it holds, and goes on trying to change others.
    static final class Filler {
        private Filler() {}

        /// Fills a store.
        ///
        /// @param args directory, capacity, first key
        public static void main(final String[] args) {
            try (ZapKv store = open(Path.of(args[0]), Long.parseLong(args[1]))) {
                System.out.println("full " + fill(store, Integer.parseInt(args[2])) + ".");
                for (int key = STRAY; ; key = key == STRAY + MANY ? STRAY : key + 1) {
                    try {
                        put(store, key);
                    } catch (final StoreFullException e) {
                        store.delete(TestData.key(key - 1));
                    }
                }
            } catch (final ZapKvException e) {
                System.out.println(e);
            }
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 256 << 20})
    void shouldBeKilledAndOpenedOnAFullDisk(final long capacity) throws Exception {
        final Path directory = mount(DISK);
        disk.take(TAKEN);
        for (int life = 0; life < 3; life++) {
            final File output = root.resolve("output-" + life).toFile();
            final int from = there.length();
            final Process filler = ChildJvm.start(
                    Filler.class, ChildJvm.FLAGS, output, directory.toString(), "" + capacity, "" + from);
            try {
                while (!said(output).endsWith(".\n")) {
                    assertFalse(filler.waitFor(5, TimeUnit.MILLISECONDS), () -> said(output));
                }
                disk.takeAll();
                filler.waitFor(life * 100L, TimeUnit.MILLISECONDS);
            } finally {
                filler.destroyForcibly().waitFor();
            }
            there.set(from, full(output));
            disk.takeAll();
            try (ZapKv store = open(directory, capacity)) {
                assertTrue(
                        store.stats().recovery().contains(UNCLEAN),
                        store.stats().recovery());
                deleteStray(store);
                assertHolds(store, "life " + life);
                delete(store, life * 1000, life * 1000 + 500);
                assertHolds(store, "life " + life + " after deletes");
            }
        }
        disk.giveBack();
        try (ZapKv store = open(directory, capacity)) {
            assertHolds(store, "with space");
            final int before = there.length();
            fill(store);
            assertTrue(there.length() > before + TAKEN / 2 / VALUE, "space that was given back was used");
        }
    }

    private static void deleteStray(final ZapKv store) {
        store.forEach((key, value) -> {
            if (Integer.parseInt(new String(key, StandardCharsets.UTF_8).substring("key-".length())) >= STRAY) {
                store.delete(key);
            }
        });
    }

    /// Fills a store, deletes a key and is gone before that has left staging.
    static final class Vanisher {
        private Vanisher() {}

        /// Fills a store.
        ///
        /// @param args directory
        public static void main(final String[] args) {
            final ZapKv store = ZapKv.open(context(Path.of(args[0]), LARGE_ZONE));
            System.out.println("full " + fill(store, 0) + ".");
            System.out.flush();
            store.delete(TestData.key(0), WriteOptions.PROCESS);
            Runtime.getRuntime().halt(0);
        }
    }

    /// What the killed process had left of its zone is lost, and there is hardly any garbage: what was in
    /// staging goes to a zone that is kept for garbage collection.
    @Test
    void shouldTakeOverWhatWasInStagingOnAFullDisk() throws Exception {
        final Path directory = mount(LARGE_DISK);
        final File output = root.resolve("output").toFile();
        assertEquals(
                0,
                ChildJvm.start(Vanisher.class, ChildJvm.FLAGS, output, directory.toString())
                        .waitFor(),
                () -> said(output));
        disk.takeAll();
        there.set(1, full(output));
        for (int life = 0; life < 2; life++) {
            try (ZapKv store = ZapKv.open(context(directory, LARGE_ZONE))) {
                assertHolds(store, "life " + life);
                delete(store, 1 + life * 1000, 1000 + life * 1000);
                assertHolds(store, "life " + life + " after deletes");
            }
        }
    }

    private static int full(final File output) {
        return Integer.parseInt(said(output).replaceAll("(?s)full (\\d+)\\..*", "$1"));
    }

    private static String said(final File output) {
        try {
            return Files.readString(output.toPath(), StandardCharsets.UTF_8);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    @ParameterizedTest
    @ValueSource(longs = {-1, 256 << 20})
    void shouldRefuseToBeMadeOnAFullDisk(final long capacity) throws Exception {
        final Path directory = mount(DISK);
        disk.takeAll();
        final ZapKvException e = assertThrows(
                ZapKvException.class, () -> open(directory, capacity).close());
        assertTrue(e.getMessage().contains(disk.path().toString()), e.getMessage());
        assertTrue(e.getMessage().contains("free space"), e.getMessage());
        disk.giveBack();
        try (ZapKv store = open(directory, capacity)) {
            put(store, 1);
        }
    }
}
