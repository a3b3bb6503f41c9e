/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.zapkv.checks.fuzz.Checksums;
import dev.zapkv.checks.fuzz.FuzzInput;
import dev.zapkv.checks.fuzz.FuzzTarget;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.log.StagingFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.atomic.AtomicLong;

/// A whole store in a directory, damaged: it is opened and used, or opened to be read and verified. That gives
/// a store or a {@link ZapKvException}, and unless checksums were made to hold no value that a key never had.
public final class StoreOpenTarget implements FuzzTarget {
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");
    private static final int KEYS = 40;
    private static final int VERSIONS = 3;
    private static final int LARGE_KEY = KEYS - 1;
    private static final int BLOCK = 16 << 10;
    private static final int UNIT = 4096;
    private static final int KILLED = 1;
    private static final int REPAIRED = 2;
    private static final int READ_ONLY = 4;

    private final Path root;
    private final StoreFiles closed;
    private final StoreFiles killed;
    private final AtomicLong clock = new AtomicLong();

    /// Makes a store that is damaged anew for each input.
    public StoreOpenTarget() {
        try {
            // The metadata holds the path of the staging file: of the same length each time, so that inputs keep their
            // meaning.
            root = Files.createDirectory((Files.isWritable(SHARED_MEMORY) ? SHARED_MEMORY : Path.of("/tmp"))
                    .resolve(String.format(
                            Locale.ROOT,
                            "zapkv-fuzz-%010d-%019d",
                            ProcessHandle.current().pid(),
                            System.nanoTime())));
            Runtime.getRuntime().addShutdownHook(new Thread(this::delete));
            Files.createDirectory(staging());
            try (ZapKv store = ZapKv.open(context(false))) {
                fill(store);
                killed = StoreFiles.of(root);
            }
            closed = StoreFiles.of(root);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void delete() {
        try {
            killed.empty().restore();
            for (final Path directory : List.of(directory().resolve("zones"), directory(), staging(), root)) {
                Files.deleteIfExists(directory);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private Path directory() {
        return root.resolve("store");
    }

    private Path staging() {
        return root.resolve("staging");
    }

    private Context context(final boolean readOnly) {
        final Context context = new Context()
                .directory(directory())
                .stagingDirectory(staging())
                .memoryBytes(32 << 20)
                .threaded(false)
                .nanoClock(() -> clock.addAndGet(1_000_000))
                .randomSeed(clock::incrementAndGet);
        return readOnly
                ? context.readOnly(true)
                : context.capacityBytes(16 << 20).blockBytes(BLOCK).checkpointBytes(1 << 20);
    }

    private static byte[] key(final int key) {
        return ("key-" + key).getBytes(UTF_8);
    }

    private static byte[] value(final int key, final int version) {
        final byte[] value = new byte[key == LARGE_KEY ? 3 * BLOCK : 20 + 10 * key];
        for (int i = 0; i < value.length; i++) {
            value[i] = (byte) (key + 50 * version + i);
        }
        return value;
    }

    private static void fill(final ZapKv store) {
        for (int version = 0; version < VERSIONS; version++) {
            for (int key = version; key < KEYS; key++) {
                store.put(key(key), value(key, version), WriteOptions.FLUSHED);
            }
            store.delete(key(version));
            store.write(new WriteBatch()
                    .put(key(5), value(5, version))
                    .put(key(6), value(6, version))
                    .delete(key(7)));
            if (version == 0) {
                store.checkpoint();
                store.collect(0);
            }
        }
        for (int key = 10; key < 20; key++) {
            store.put(key(key), value(key, 0), WriteOptions.PROCESS);
        }
    }

    @Override
    public List<byte[]> seeds() {
        return List.of(
                new byte[] {0},
                new byte[] {KILLED},
                new byte[] {READ_ONLY},
                new byte[] {KILLED | READ_ONLY},
                // Some bytes of a block, its checksum made to hold.
                new byte[] {REPAIRED, 0, 7, 30, 1, 4, 1, 2, 3, 4},
                new byte[] {KILLED | REPAIRED, 4, 5, 3, 1, 9, 0},
                new byte[] {KILLED, 6, 2},
                new byte[] {KILLED | READ_ONLY, 5, 4, 1, 1});
    }

    @Override
    public long maxAllocatedBytes(final int inputLength) {
        return 64L << 20;
    }

    @Override
    public void run(final byte[] bytes) {
        final FuzzInput input = new FuzzInput(bytes);
        final int how = input.u8();
        final boolean repaired = (how & REPAIRED) != 0;
        final StoreFiles files = ((how & KILLED) != 0 ? killed : closed).damaged(input);
        if (repaired) {
            files.change(StoreOpenTarget::repair);
        }
        try {
            files.restore();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        if ((how & READ_ONLY) != 0) {
            look(repaired);
        } else {
            use(repaired);
        }
    }

    private static void repair(final Path path, final byte[] content) {
        final MemorySegment memory = MemorySegment.ofArray(content);
        final String name = path.getFileName().toString();
        if (name.startsWith("zone-")) {
            Checksums.repairBlocks(memory, UNIT);
        } else if (name.endsWith(".staging")) {
            for (int at = StagingFile.SLOTS_OFFSET; at + BLOCK <= content.length; at += BLOCK) {
                Checksums.repairRecords(memory, at + BlockFormat.HEADER_LENGTH, at + BLOCK);
            }
        } else if (name.equals("ZONES") && content.length > Integer.BYTES) {
            final int end = content.length - Integer.BYTES;
            memory.set(LittleEndian.INT, end, Checksums.crc(memory, 0, end));
        }
    }

    private void look(final boolean repaired) {
        try (ZapKv store = ZapKv.open(context(true))) {
            read(store, repaired);
            store.verify(VerifyOptions.DEFAULT, new VerifyListener() {});
        } catch (final ZapKvException e) {
            // as documented
        }
    }

    private void use(final boolean repaired) {
        try (ZapKv store = ZapKv.open(context(false))) {
            read(store, repaired);
            store.put(key(0), value(0, 0), WriteOptions.FLUSHED);
            store.put(key(LARGE_KEY), value(LARGE_KEY, 1));
            store.delete(key(1));
            store.collect(0);
            store.checkpoint();
            read(store, repaired);
        } catch (final ZapKvException e) {
            // as documented
        }
    }

    private static void read(final ZapKv store, final boolean repaired) {
        for (int key = 0; key < KEYS; key++) {
            try {
                check(key, store.get(key(key)), repaired);
            } catch (final CorruptionException | ZoneLostException e) {
                // as documented
            }
        }
        try {
            store.forEach((key, value) -> {
                final String name = new String(key, UTF_8);
                if (!repaired) {
                    check(Integer.parseInt(name.substring("key-".length())), value, false);
                }
            });
        } catch (final CorruptionException | ZoneLostException e) {
            // as documented
        }
        store.stats();
        store.zones();
    }

    private static void check(final int key, final byte[] value, final boolean repaired) {
        boolean known = value == null || repaired;
        for (int version = 0; !known && version < VERSIONS; version++) {
            known = Arrays.equals(value, value(key, version));
        }
        if (!known) {
            throw new AssertionError("key " + key + " has " + value.length + " bytes that it never had");
        }
    }
}
