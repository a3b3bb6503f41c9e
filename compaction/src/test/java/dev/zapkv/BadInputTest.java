/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Map;
import java.util.concurrent.CompletionException;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.ExecutionException;
import java.util.concurrent.ExecutorService;
import java.util.concurrent.Executors;
import java.util.concurrent.Future;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;
import org.junit.jupiter.api.io.TempDir;

/// Arguments, settings and calls that cannot be served: a clear error, and nothing lost.
class BadInputTest {
    private static final byte[] KEY = TestData.key(1);
    private static final byte[] VALUE = TestData.value(1, 1, 100);

    @TempDir
    private Path directory;

    private Context context() {
        return new Context()
                .directory(directory.resolve("store"))
                .capacityBytes(32L << 20)
                .memoryBytes(32 << 20);
    }

    @Test
    void shouldRefuseNullKeysAndValues() {
        try (ZapKv store = ZapKv.open(context())) {
            store.put(KEY, VALUE);
            final List<Executable> calls = List.of(
                    () -> store.put(null, VALUE),
                    () -> store.put(KEY, (byte[]) null),
                    () -> store.put(KEY, VALUE, null),
                    () -> store.putAsync(null, VALUE),
                    () -> store.putAsync(KEY, null),
                    () -> store.putAsync(KEY, VALUE, null),
                    () -> store.get(null),
                    () -> store.get(null, new byte[1]),
                    () -> store.get(KEY, null),
                    () -> store.contains(null),
                    () -> store.delete(null),
                    () -> store.delete(KEY, null),
                    () -> store.multiGet(null),
                    () -> store.multiGet(Arrays.asList(KEY, null)),
                    () -> store.write(null),
                    () -> store.write(new WriteBatch().put(KEY, VALUE), null),
                    () -> new WriteBatch().put(null, VALUE),
                    () -> new WriteBatch().put(KEY, null),
                    () -> new WriteBatch().delete(null),
                    () -> store.forEach(null),
                    () -> ZapKv.open((Path) null),
                    () -> ZapKv.open((Context) null));
            for (int i = 0; i < calls.size(); i++) {
                assertThrows(NullPointerException.class, calls.get(i), "call " + i);
            }
            assertArrayEquals(VALUE, store.get(KEY));
            assertEquals(1, store.count());
        }
    }

    @Test
    void shouldRefuseEmptyAndOversizedKeysAndValues() {
        try (ZapKv store = ZapKv.open(context())) {
            final byte[] tooLong = new byte[store.maxKeyBytes() + 1];
            final byte[] value = new byte[Math.toIntExact(store.maxValueBytes() + 1)];
            for (final byte[] key : List.of(new byte[0], tooLong)) {
                final List<Executable> calls = List.of(
                        () -> store.put(key, VALUE),
                        () -> store.putAsync(key, VALUE),
                        () -> store.get(key),
                        () -> store.get(key, new byte[1]),
                        () -> store.contains(key),
                        () -> store.delete(key),
                        () -> store.multiGet(List.of(KEY, key)),
                        () -> store.write(new WriteBatch().put(KEY, VALUE).put(key, VALUE)),
                        () -> store.write(new WriteBatch().put(KEY, VALUE).delete(key)));
                for (int i = 0; i < calls.size(); i++) {
                    final IllegalArgumentException e =
                            assertThrows(IllegalArgumentException.class, calls.get(i), "call " + i);
                    assertTrue(e.getMessage().contains("1 to " + store.maxKeyBytes()), e.getMessage());
                    assertTrue(e.getMessage().contains("has " + key.length), e.getMessage());
                }
            }
            for (final Executable call : List.<Executable>of(
                    () -> store.put(KEY, value),
                    () -> store.putAsync(KEY, value),
                    () -> store.write(new WriteBatch().put(KEY, value)))) {
                assertThrows(IllegalArgumentException.class, call);
            }
            assertEquals(0, store.count());
            assertNull(store.get(KEY), "part of a refused batch");
        }
    }

    private static Map<String, Executable> everyMethod(final ZapKv store) {
        return Map.ofEntries(
                Map.entry("put", () -> store.put(KEY, VALUE)),
                Map.entry("putFlushed", () -> store.put(KEY, VALUE, WriteOptions.FLUSHED)),
                Map.entry("putLarge", () -> store.put(KEY, new byte[300_000])),
                Map.entry("putAsync", () -> store.putAsync(KEY, VALUE)),
                Map.entry("get", () -> store.get(KEY)),
                Map.entry("getAbsent", () -> store.get(TestData.key(99))),
                Map.entry("getInto", () -> store.get(KEY, new byte[10])),
                Map.entry("contains", () -> store.contains(KEY)),
                Map.entry("delete", () -> store.delete(KEY)),
                Map.entry("deleteAbsent", () -> store.delete(TestData.key(99))),
                Map.entry("multiGet", () -> store.multiGet(List.of(KEY))),
                Map.entry("write", () -> store.write(new WriteBatch().put(KEY, VALUE))),
                Map.entry("forEach", () -> store.forEach((k, v) -> {})),
                Map.entry("count", store::count),
                Map.entry("flush", store::flush),
                Map.entry("stats", store::stats),
                Map.entry("zones", store::zones),
                Map.entry("collect", () -> store.collect(0.5)));
    }

    @Test
    void shouldRefuseEveryCallAfterClose() {
        final ZapKv store = ZapKv.open(context());
        store.put(KEY, VALUE);
        store.close();
        everyMethod(store).forEach((name, call) -> assertThrows(StoreClosedException.class, call, name));
        store.close();
        store.close();
        try (ZapKv again = ZapKv.open(context())) {
            assertArrayEquals(VALUE, again.get(KEY));
            store.close();
            again.put(KEY, TestData.value(1, 2, 100));
        }
    }

    @Test
    void shouldEndOtherThreadsCallsWhenClosed() throws Exception {
        final int rounds = 50;
        final int threads = 4;
        try (ExecutorService pool = Executors.newFixedThreadPool(threads + 1)) {
            for (int round = 0; round < rounds; round++) {
                final ZapKv store = ZapKv.open(context());
                if (round == 0) {
                    for (int i = 0; i < 2000; i++) {
                        store.put(TestData.key(i), TestData.value(i, 0, i % 500 == 0 ? 200_000 : 700));
                    }
                }
                final CountDownLatch working = new CountDownLatch(threads);
                final List<Future<?>> futures = new ArrayList<>();
                for (int t = 0; t < threads; t++) {
                    final int thread = t + round % 3;
                    futures.add(pool.submit(() -> {
                        int i = 0;
                        work(store, thread, i++);
                        working.countDown();
                        while (true) {
                            work(store, thread, i++);
                        }
                    }));
                }
                working.await();
                final Future<?> secondClose = pool.submit(store::close);
                store.close();
                secondClose.get();
                for (final Future<?> future : futures) {
                    final ExecutionException e = assertThrows(ExecutionException.class, future::get);
                    final Throwable cause =
                            e.getCause() instanceof CompletionException async ? async.getCause() : e.getCause();
                    if (!(cause instanceof StoreClosedException)) {
                        throw new AssertionError("round " + round + ": not the exception of a closed store", e);
                    }
                }
            }
        }
        try (ZapKv store = ZapKv.open(context())) {
            assertTrue(
                    store.stats().recovery().contains("closed cleanly"),
                    store.stats().recovery());
            store.forEach((key, value) -> {
                final long id = Long.parseLong(new String(key, java.nio.charset.StandardCharsets.UTF_8).substring(4));
                TestData.versionOf(id, value, "after the last close");
            });
        }
    }

    private static void work(final ZapKv store, final int thread, final int i) {
        final int key = i % 2000;
        switch (thread) {
            case 0 -> store.put(TestData.key(key), TestData.value(key, i, 600));
            case 1 -> {
                final byte[] value = store.get(TestData.key(key));
                if (value != null) {
                    TestData.versionOf(key, value, "get while closing");
                }
            }
            case 2 -> store.forEach((k, v) -> {});
            case 3 -> store.put(TestData.key(key), TestData.value(key, i, 300), WriteOptions.FLUSHED);
            case 4 -> store.put(TestData.key(key), TestData.value(key, i, 200_000), WriteOptions.DEVICE);
            default -> {
                store.stats();
                store.putAsync(TestData.key(key), TestData.value(key, i, 300), WriteOptions.FLUSHED)
                        .join();
            }
        }
    }

    @Test
    void shouldReportAllWrongSettingsTogether() {
        final ConfigurationException e = assertThrows(
                ConfigurationException.class,
                () -> ZapKv.open(new Context()
                        .capacityBytes(0)
                        .zoneSizeBytes(3 << 20)
                        .memoryBytes(1)
                        .blockBytes(100_000)));
        for (final String name : List.of(
                "directory", "capacityBytes=0", "zoneSizeBytes=3145728", "memoryBytes=1", "blockBytes=100000")) {
            assertTrue(e.getMessage().contains(name), e.getMessage());
        }
    }

    @Test
    void shouldRefuseSizesOutOfRange() throws IOException {
        final List<Context> wrong = List.of(
                context().capacityBytes(-2),
                context().zoneSizeBytes(-1),
                context().zoneSizeBytes(512 << 10),
                context().zoneSizeBytes(2L << 30),
                context().zoneSizeBytes((1 << 20) + 4096),
                context().memoryBytes(-1),
                context().memoryBytes((32 << 20) - 1),
                context().blockBytes(0),
                context().blockBytes(-65536),
                context().blockBytes(8 << 10),
                context().blockBytes(2 << 20),
                context().blockBytes(96 << 10),
                context().blockBytes(1 << 20).zoneSizeBytes(1 << 20),
                context().capacityBytes(1),
                context().capacityBytes(4 << 20));
        for (int i = 0; i < wrong.size(); i++) {
            final Context context = wrong.get(i);
            assertThrows(ConfigurationException.class, () -> ZapKv.open(context), "context " + i);
        }
        try (ZapKv store = ZapKv.open(context())) {
            store.put(KEY, VALUE);
        }
        final Context used = context();
        ZapKv.open(used).close();
        assertThrows(ConfigurationException.class, () -> ZapKv.open(used), "a context is used once");
        assertTrue(Files.exists(directory.resolve("store")));
    }

    @Test
    void shouldRefuseWhatIsNoStore() throws IOException {
        final Path file = Files.writeString(directory.resolve("file"), "text");
        final Path foreign = Files.createDirectory(directory.resolve("foreign"));
        Files.writeString(foreign.resolve("letter.txt"), "Dear reader");
        final Path missing = directory.resolve("missing");
        final Path empty = Files.createDirectory(directory.resolve("empty"));
        final Map<Path, String> refused =
                Map.of(file, "not a directory", foreign, "letter.txt", missing, "does not exist", empty, "is empty");
        refused.forEach((path, reason) -> {
            final FormatException e = assertThrows(
                    FormatException.class,
                    () -> ZapKv.open(new Context().directory(path).createIfMissing(false)));
            assertTrue(e.getMessage().contains(path.toString()), e.getMessage());
            assertTrue(e.getMessage().contains(reason), e.getMessage());
        });
        assertThrows(FormatException.class, () -> ZapKv.open(foreign));
        assertThrows(FormatException.class, () -> ZapKv.open(file));
        assertEquals("Dear reader", Files.readString(foreign.resolve("letter.txt")));
        try (var entries = Files.list(foreign)) {
            assertEquals(1, entries.count(), "nothing was added to a foreign directory");
        }
        assertTrue(!Files.exists(missing), "a directory was made though that was not allowed");
    }

    @Test
    void shouldRefuseToOpenAStoreTwice() {
        try (ZapKv store = ZapKv.open(context())) {
            store.put(KEY, VALUE);
            final StoreLockedException e = assertThrows(StoreLockedException.class, () -> ZapKv.open(context()));
            assertTrue(e.getMessage().contains("already open in this process"), e.getMessage());
            assertTrue(
                    e.getMessage()
                            .contains(String.valueOf(ProcessHandle.current().pid())),
                    e.getMessage());
            assertArrayEquals(VALUE, store.get(KEY));
            store.put(KEY, VALUE, WriteOptions.FLUSHED);
        }
        ZapKv.open(context()).close();
    }
}
