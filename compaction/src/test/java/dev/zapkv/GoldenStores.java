/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.zip.Deflater;
import java.util.zip.ZipEntry;
import java.util.zip.ZipOutputStream;

/// Makes the golden stores: small whole stores of the present format, each an archive of a store's
/// directory with a
/// list of what it holds. They are made once and kept; every later version must open them.
///
/// {@code ./zapkv test -pl compaction -am -Dtest=GoldenStoreTest -Dsurefire.failIfNoSpecifiedTests=false
/// -Dzapkv.golden.write=v3} makes a set {@code v3} beside the others.
final class GoldenStores {
    /// The store in an archive.
    static final String STORE = "store";
    /// Beside the store in an archive: a line per key, with key, length and CRC32C of the value.
    static final String CONTENT = "content.txt";
    /// Where stores lie while they are made, and are laid when they are opened. Relative, because
    /// metadata holds
    /// the path of the staging file.
    static final Path PLACE = Path.of("target", "golden-stores");

    private static final int ZONE_BYTES = 1 << 20;
    private static final long SEED = 4711;

    private final Map<String, byte[]> content = new TreeMap<>();
    private final SplittableRandom random = new SplittableRandom(SEED);
    private ZapKv store;

    private GoldenStores() {}

    /// How a store is opened.
    static Context context() {
        return new Context()
                .directory(PLACE.resolve(STORE))
                .stagingDirectory(PLACE)
                .memoryBytes(32 << 20)
                .threaded(false)
                .randomSeed(new SplittableRandom(SEED)::nextLong);
    }

    private static Context context(final int zones) {
        return context().zoneSizeBytes(ZONE_BYTES).capacityBytes((long) zones * ZONE_BYTES);
    }

    /// Makes one of them.
    @FunctionalInterface
    private interface Maker {
        void make(GoldenStores stores, Path archive) throws IOException;
    }

    /// Makes those that are missing.
    ///
    /// @return how many were
    static int write(final Path target) throws IOException {
        Files.createDirectories(target);
        int written = 0;
        for (final Map.Entry<String, Maker> archive : Map.<String, Maker>of(
                        "closed.zip", GoldenStores::closed,
                        "collected.zip", GoldenStores::collected,
                        "small-blocks.zip", GoldenStores::smallBlocks,
                        "checkpoint.zip", GoldenStores::checkpoint,
                        "killed.zip", GoldenStores::killed)
                .entrySet()) {
            final Path path = target.resolve(archive.getKey());
            if (!Files.exists(path)) {
                archive.getValue().make(new GoldenStores(), path);
                written++;
            }
        }
        return written;
    }

    /// Closed cleanly, after two lives: values of all sizes, overwrites, deletes, batches.
    private void closed(final Path archive) throws IOException {
        open(context(16));
        everything();
        store.close();
        open(context());
        put("second life", 20);
        delete("key 3");
        store.close();
        pack(archive);
    }

    /// Garbage collection has emptied zones that were filled again: generations, relocated records.
    private void collected(final Path archive) throws IOException {
        open(context(12));
        everything();
        for (int i = 0; i < 900; i++) {
            put("churn " + random.nextInt(100), 14_000);
        }
        delete("churn 5");
        store.collect(0.3);
        if (store.stats().zonesCollected() < 4) {
            throw new IllegalStateException("too little was collected: " + store.stats());
        }
        store.close();
        pack(archive);
    }

    private void smallBlocks(final Path archive) throws IOException {
        open(context(16).blockBytes(16 << 10));
        everything();
        store.close();
        pack(archive);
    }

    /// Closed cleanly, with a checkpoint: large values, tombstones and relocated records are in it.
    private void checkpoint(final Path archive) throws IOException {
        open(context(24).checkpointBytes(ZONE_BYTES));
        everything();
        for (int i = 0; i < 200; i++) {
            put("churn " + random.nextInt(40), 14_000);
        }
        store.collect(0.3);
        requireCheckpoint();
        put("behind the checkpoint", 20);
        store.close();
        pack(archive);
    }

    /// As a killed process leaves it: a checkpoint, a log behind it, and in staging what was acknowledged and has not
    /// reached the log, among it a batch, a delete and a large value.
    private void killed(final Path archive) throws IOException {
        open(context(24).checkpointBytes(ZONE_BYTES).durability(Durability.PROCESS));
        everything();
        requireCheckpoint();
        put("flushed", 30);
        delete("key 40");
        store.put(bytes("last flushed"), bytes("1"), WriteOptions.FLUSHED);
        content.put("last flushed", bytes("1"));
        put("staged", 40);
        put("large, staged", 200_000);
        delete("key 41");
        batch("staged batch ", 4);
        pack(archive);
        store.close();
    }

    private void requireCheckpoint() {
        if (!store.checkpoint()) {
            throw new IllegalStateException(store.stats().checkpointProblem());
        }
    }

    private void open(final Context context) {
        if (store == null) {
            TestDirectories.delete(PLACE);
            try {
                Files.createDirectories(PLACE);
            } catch (final IOException e) {
                throw new UncheckedIOException(e);
            }
        }
        store = ZapKv.open(context);
    }

    private void everything() {
        for (int i = 0; i < 60; i++) {
            put("key " + i, 1 << i % 12);
        }
        put("empty", 0);
        put("k".repeat(1000), 10);
        put("large", 300_000);
        put("large, replaced", 150_000);
        put("large, replaced", 5);
        put("large, deleted", 140_000);
        delete("large, deleted");
        batch("batch ", 5);
        for (int i = 0; i < 20; i++) {
            put("key " + i, 100 + i);
        }
        delete("key 50");
    }

    /// A value of few different bytes: archives are to be small.
    private byte[] value(final int length) {
        final byte[] value = new byte[length];
        Arrays.fill(value, (byte) random.nextInt(256));
        for (int at = 0; at < Math.min(8, length); at++) {
            value[at] = (byte) random.nextInt(256);
        }
        return value;
    }

    private static byte[] bytes(final String key) {
        return key.getBytes(StandardCharsets.UTF_8);
    }

    private void put(final String key, final int length) {
        final byte[] value = value(length);
        store.put(bytes(key), value);
        content.put(key, value);
    }

    private void delete(final String key) {
        store.delete(bytes(key));
        content.remove(key);
    }

    private void batch(final String prefix, final int size) {
        final WriteBatch batch = new WriteBatch();
        for (int i = 0; i < size; i++) {
            final byte[] value = value(50 + i);
            batch.put(bytes(prefix + i), value);
            content.put(prefix + i, value);
        }
        batch.delete(bytes("key 30"));
        content.remove("key 30");
        store.write(batch);
    }

    private void pack(final Path archive) throws IOException {
        try (ZipOutputStream zip = new ZipOutputStream(Files.newOutputStream(archive))) {
            zip.setLevel(Deflater.BEST_COMPRESSION);
            try (var files = Files.walk(PLACE)) {
                for (final Path file :
                        files.filter(Files::isRegularFile).sorted().toList()) {
                    add(zip, PLACE.relativize(file).toString(), Files.readAllBytes(file));
                }
            }
            final StringBuilder lines = new StringBuilder();
            content.forEach((key, value) -> lines.append(line(key, value)).append('\n'));
            add(zip, CONTENT, bytes(lines.toString()));
        }
    }

    /// A line of the list of what a store holds.
    static String line(final String key, final byte[] value) {
        final java.util.zip.CRC32C crc = new java.util.zip.CRC32C();
        crc.update(value);
        return key + '\t' + value.length + '\t' + Long.toHexString(crc.getValue());
    }

    private static void add(final ZipOutputStream zip, final String name, final byte[] bytes) throws IOException {
        final ZipEntry entry = new ZipEntry(name);
        entry.setTime(0);
        zip.putNextEntry(entry);
        zip.write(bytes);
        zip.closeEntry();
    }
}
