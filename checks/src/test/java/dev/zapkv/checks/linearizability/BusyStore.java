/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.linearizability;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.zapkv.Context;
import dev.zapkv.ZapKv;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.SplittableRandom;
import java.util.concurrent.atomic.AtomicReference;
import java.util.concurrent.locks.LockSupport;

/// A store that is never at rest: on small zones and with the smallest blocks, one thread overwrites filler so that
/// blocks are sealed, appended, applied and evicted all the time, and another has garbage collected.
final class BusyStore implements AutoCloseable {
    private static final int BLOCK_BYTES = 64 << 10;
    private static final int ZONE_BYTES = 192 << 10;
    private static final int ZONES = 48;
    private static final long MEMORY_BYTES = 32L << 20;
    private static final int FILLER_KEYS = 60;
    private static final int FILLER_BYTES = 8 << 10;
    private static final long PAUSE_NS = 200_000;
    private static final double[] GARBAGE_RATIOS = {0, 0.3, 0.7};

    private final ZapKv store;
    private final Thread[] threads;
    private final AtomicReference<Throwable> failure = new AtomicReference<>();
    private volatile boolean closing;

    /// @param staging an empty directory for the staging file
    BusyStore(final Path staging, final long seed) {
        final SplittableRandom random = new SplittableRandom(seed);
        final ZoneGeometry geometry =
                new ZoneGeometry(4096, Integer.highestOneBit(ZONE_BYTES * 2 - 1), ZONE_BYTES, ZONES, 0, 0, BLOCK_BYTES);
        store = ZapKv.open(new Context()
                .device(new SimZoneDevice(new SimMedia(geometry), SimOptions.DEFAULT, random.split()))
                .stagingDirectory(staging)
                .memoryBytes(MEMORY_BYTES)
                .blockBytes(BLOCK_BYTES));
        final SplittableRandom filling = random.split();
        final SplittableRandom collecting = random.split();
        threads = new Thread[] {
            thread("filler", () -> fill(filling)),
            thread("collector", () -> store.collect(GARBAGE_RATIOS[collecting.nextInt(GARBAGE_RATIOS.length)]))
        };
    }

    private Thread thread(final String name, final Runnable step) {
        return Thread.ofPlatform().daemon().name(name).start(() -> {
            try {
                while (!closing) {
                    step.run();
                    // Leaves the processors to those whose operations are checked.
                    LockSupport.parkNanos(PAUSE_NS);
                }
            } catch (final RuntimeException | Error e) {
                failure.compareAndSet(null, e);
            }
        });
    }

    private void fill(final SplittableRandom random) {
        final byte[] value = new byte[random.nextInt(FILLER_BYTES)];
        store.put(("filler-" + random.nextInt(FILLER_KEYS)).getBytes(UTF_8), value);
    }

    ZapKv store() {
        return store;
    }

    /// The bytes of a value: its number, and more bytes that follow from it.
    static byte[] value(final int number, final int length) {
        final byte[] bytes = new byte[Math.max(Integer.BYTES, length)];
        Arrays.fill(bytes, (byte) number);
        for (int i = 0; i < Integer.BYTES; i++) {
            bytes[i] = (byte) (number >>> (Byte.SIZE * i));
        }
        return bytes;
    }

    /// The number of a value, or -1 for none.
    static int number(final byte[] value) {
        if (value == null) {
            return -1;
        }
        int number = 0;
        for (int i = 0; i < Integer.BYTES; i++) {
            number |= (value[i] & 0xFF) << (Byte.SIZE * i);
        }
        if (!Arrays.equals(value, value(number, value.length))) {
            throw new AssertionError("the bytes of value " + number + " are mixed with others");
        }
        return number;
    }

    @Override
    public void close() {
        closing = true;
        try {
            for (final Thread thread : threads) {
                thread.join();
            }
        } catch (final InterruptedException e) {
            throw new AssertionError("the load does not end", e);
        }
        final long collected = store.stats().zonesCollected();
        store.close();
        if (failure.get() != null) {
            throw new AssertionError("the load failed", failure.get());
        }
        if (collected == 0) {
            throw new AssertionError("garbage collection did nothing");
        }
    }
}
