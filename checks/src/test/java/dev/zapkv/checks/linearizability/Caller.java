/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.linearizability;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.zapkv.WriteBatch;
import dev.zapkv.WriteOptions;
import dev.zapkv.ZapKv;
import java.util.List;
import java.util.SplittableRandom;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.concurrent.atomic.AtomicLong;

/// One thread's calls of a store, chosen by a seed, and what they did, told to a {@link History}.
final class Caller {
    private static final int KEYS = 3;
    private static final byte[][] KEY_BYTES = new byte[KEYS][];
    private static final AtomicLong CLOCK = new AtomicLong();
    private static final AtomicInteger VALUES = new AtomicInteger();

    static {
        for (int key = 0; key < KEYS; key++) {
            KEY_BYTES[key] = ("history-" + key).getBytes(UTF_8);
        }
    }

    private final ZapKv store;
    private final SplittableRandom random;

    Caller(final ZapKv store, final SplittableRandom random) {
        this.store = store;
        this.random = random;
    }

    /// All values, by number.
    int[] readAll() {
        return store.multiGet(List.of(KEY_BYTES)).stream()
                .mapToInt(BusyStore::number)
                .toArray();
    }

    void call(final History history) {
        final int key = random.nextInt(KEYS);
        switch (random.nextInt(16)) {
            case 0, 1, 2, 3 -> batch(history);
            case 4, 5 -> multiGet(history);
            case 6, 7 -> delete(history, key);
            case 8, 9 -> put(history, key);
            case 10 -> putAsync(history, key);
            case 11 -> contains(history, key);
            case 12 -> store.flush();
            default -> get(history, key);
        }
    }

    private static long tick() {
        return CLOCK.getAndIncrement();
    }

    private byte[] value(final int number) {
        final int length = switch (random.nextInt(20)) {
            case 0 -> 150_000; // in chunks
            case 1, 2 -> 40_000; // the next one does not fit the block
            default -> random.nextInt(4000);
        };
        return BusyStore.value(number, length);
    }

    private WriteOptions level() {
        return switch (random.nextInt(8)) {
            case 0 -> WriteOptions.DEVICE;
            case 1 -> WriteOptions.FLUSHED;
            default -> WriteOptions.PROCESS;
        };
    }

    private void put(final History history, final int key) {
        final int number = VALUES.incrementAndGet();
        final byte[] value = value(number);
        final WriteOptions level = level();
        final long called = tick();
        store.put(KEY_BYTES[key], value, level);
        written(history, called, tick(), key, number);
    }

    /// Visible when the call returns, whatever becomes of its future.
    private void putAsync(final History history, final int key) {
        final int number = VALUES.incrementAndGet();
        final byte[] value = value(number);
        final long called = tick();
        final CompletableFuture<Void> future = store.putAsync(KEY_BYTES[key], value, WriteOptions.DEVICE);
        written(history, called, tick(), key, number);
        future.join();
    }

    private static void written(final History history, final long called, final long ended, final int... changes) {
        for (int i = 0; i < changes.length; i += 2) {
            history.add(changes[i], new KeyOperation(KeyOperation.Kind.WRITE, changes[i + 1]), called, ended);
        }
        history.addWrites(changes, called, ended);
    }

    private void batch(final History history) {
        final int[] changes = new int[2 * (2 + random.nextInt(3))];
        final WriteBatch batch = new WriteBatch();
        for (int i = 0; i < changes.length; i += 2) {
            changes[i] = random.nextInt(KEYS);
            if (random.nextInt(4) == 0) {
                changes[i + 1] = KeyOperation.NONE;
                batch.delete(KEY_BYTES[changes[i]]);
            } else {
                changes[i + 1] = VALUES.incrementAndGet();
                batch.put(KEY_BYTES[changes[i]], BusyStore.value(changes[i + 1], random.nextInt(4000)));
            }
        }
        final WriteOptions level = level();
        final long called = tick();
        store.write(batch, level);
        written(history, called, tick(), changes);
    }

    private void delete(final History history, final int key) {
        final WriteOptions level = level();
        final long called = tick();
        final boolean had = store.delete(KEY_BYTES[key], level);
        final long ended = tick();
        history.add(key, new KeyOperation(KeyOperation.Kind.DELETE, had ? 1 : 0), called, ended);
        if (had) {
            history.addWrites(new int[] {key, KeyOperation.NONE}, called, ended);
        }
    }

    private void get(final History history, final int key) {
        final long called = tick();
        final int number = BusyStore.number(store.get(KEY_BYTES[key]));
        history.add(key, new KeyOperation(KeyOperation.Kind.READ, number), called, tick());
    }

    private void contains(final History history, final int key) {
        final long called = tick();
        final boolean there = store.contains(KEY_BYTES[key]);
        history.add(key, new KeyOperation(KeyOperation.Kind.CONTAINS, there ? 1 : 0), called, tick());
    }

    private void multiGet(final History history) {
        final long called = tick();
        final int[] numbers = readAll();
        final long ended = tick();
        for (int key = 0; key < KEYS; key++) {
            history.add(key, new KeyOperation(KeyOperation.Kind.READ, numbers[key]), called, ended);
        }
    }
}
