/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.recovery;

import dev.zapkv.Context;
import dev.zapkv.StoreStats;
import dev.zapkv.ZapKv;
import dev.zapkv.bench.ScratchDirectory;
import dev.zapkv.bench.ycsb.PlaceOptions;
import dev.zapkv.bench.ycsb.Quantity;
import java.io.IOException;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// Measures what checkpoints cost: latencies of a mix of gets and puts while none is written and while one is written
/// behind the other, and their share of what is written at default settings.
@Command(
        name = "checkpoint",
        sortOptions = false,
        usageHelpAutoWidth = true,
        description = "Measures what checkpoints cost writers and readers of ZapKV: latencies of half gets, half puts"
                + " without and with a checkpoint being written, and the share of checkpoints in what is written.")
public final class CheckpointCommand implements Callable<Integer> {
    private static final long HIGHEST_LATENCY_NS = TimeUnit.MINUTES.toNanos(1);
    private static final int SIGNIFICANT_DIGITS = 3;

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Mixin
    private final StoreOptions options = new StoreOptions();

    @Option(
            names = "--operations",
            paramLabel = "N",
            defaultValue = "5m",
            description = "Operations of each measurement (default: ${DEFAULT-VALUE}).")
    private String operations = "";

    @Mixin
    private final PlaceOptions place = new PlaceOptions();

    /// For the command line parser.
    public CheckpointCommand() {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        final long keys;
        final long count;
        final long memoryBytes;
        final int length;
        try {
            keys = options.records();
            count = Quantity.count("--operations", operations, 1, Integer.MAX_VALUE);
            memoryBytes = options.memoryBytes();
            length = options.valueSize();
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        final CheckpointCost cost;
        try (ScratchDirectory scratch = place.scratch(where -> {});
                ZapKv store = ZapKv.open(
                        new Context().directory(scratch.path().resolve("store")).memoryBytes(memoryBytes))) {
            final SplittableRandom random = new SplittableRandom(1);
            final double share = write(store, keys, length, random);
            mix(store, keys, length, count, random); // what the compiler has to see
            final CheckpointCost.Measured without = measure(store, keys, length, count, random, false);
            final CheckpointCost.Measured with = measure(store, keys, length, count, random, true);
            cost = new CheckpointCost(without, with, share, keys, length, count, memoryBytes);
        }
        place.report(cost.render(), cost::write);
        return 0;
    }

    /// Fills the store and overwrites twice as much.
    ///
    /// @return checkpoint bytes divided by user bytes
    private static double write(final ZapKv store, final long keys, final int length, final SplittableRandom random) {
        final byte[] key = new byte[Keys.LENGTH];
        final byte[] value = new byte[length];
        for (long i = 0; i < keys; i++) {
            store.put(Keys.set(key, i), value);
        }
        for (long i = 0; i < 2 * keys; i++) {
            store.put(Keys.set(key, random.nextLong(keys)), value);
        }
        final StoreStats stats = store.stats();
        return (double) stats.checkpointBytes() / stats.userBytesWritten();
    }

    private static CheckpointCost.Measured measure(
            final ZapKv store,
            final long keys,
            final int length,
            final long count,
            final SplittableRandom random,
            final boolean withCheckpoints)
            throws InterruptedException {
        final long before = store.stats().checkpoints();
        final AtomicBoolean stop = new AtomicBoolean(!withCheckpoints);
        final Thread requests = Thread.ofPlatform().name("checkpoints").start(() -> {
            while (!stop.get()) {
                store.checkpoint();
            }
        });
        final Histogram latencies;
        try {
            latencies = mix(store, keys, length, count, random);
        } finally {
            stop.set(true);
            requests.join();
        }
        return new CheckpointCost.Measured(latencies, store.stats().checkpoints() - before);
    }

    private static Histogram mix(
            final ZapKv store, final long keys, final int length, final long count, final SplittableRandom random) {
        final Histogram latencies = new Histogram(HIGHEST_LATENCY_NS, SIGNIFICANT_DIGITS);
        final byte[] key = new byte[Keys.LENGTH];
        final byte[] value = new byte[length];
        for (long i = 0; i < count; i++) {
            Keys.set(key, random.nextLong(keys));
            final boolean read = random.nextBoolean();
            final long started = System.nanoTime();
            if (read) {
                if (store.get(key, value) != length) {
                    throw new IllegalStateException("a key that was written is not found");
                }
            } else {
                store.put(key, value);
            }
            latencies.recordValue(Math.min(System.nanoTime() - started, HIGHEST_LATENCY_NS));
        }
        return latencies;
    }
}
