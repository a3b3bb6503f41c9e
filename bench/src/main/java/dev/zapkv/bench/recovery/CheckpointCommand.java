/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.recovery;

import dev.zapkv.Context;
import dev.zapkv.StoreStats;
import dev.zapkv.ZapKv;
import dev.zapkv.bench.ScratchDirectory;
import dev.zapkv.bench.ycsb.Quantity;
import java.io.IOException;
import java.nio.file.Path;
import java.util.Locale;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicBoolean;
import org.HdrHistogram.Histogram;
import picocli.CommandLine.Command;
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
    private static final long MIB = 1L << 20;
    private static final long HIGHEST_LATENCY_NS = TimeUnit.MINUTES.toNanos(1);
    private static final int SIGNIFICANT_DIGITS = 3;
    private static final String ROW = "%-22s  %9s  %9s  %9s  %9s  %11s%n";

    @Spec
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--records",
            paramLabel = "N",
            defaultValue = "10m",
            description = "Keys, of 16 bytes; k and m for thousand and million (default: ${DEFAULT-VALUE}).")
    private String records = "";

    @Option(
            names = "--value-size",
            paramLabel = "BYTES",
            defaultValue = "100",
            description = "Bytes of each value (default: ${DEFAULT-VALUE}).")
    private String valueSize = "";

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            defaultValue = "1g",
            description = "Memory budget of the store (default: ${DEFAULT-VALUE}).")
    private String memory = "";

    @Option(
            names = "--operations",
            paramLabel = "N",
            defaultValue = "5m",
            description = "Operations of each measurement (default: ${DEFAULT-VALUE}).")
    private String operations = "";

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description = "Where a directory for the data is made, and deleted afterwards (default: ./data).")
    private Path directory = Path.of("data");

    /// For the command line parser.
    public CheckpointCommand() {}

    /// One measurement.
    private record Measured(Histogram latencies, long checkpoints) {}

    @Override
    public Integer call() throws IOException, InterruptedException {
        final long keys;
        final long count;
        final long memoryBytes;
        final int length;
        try {
            keys = Quantity.count("--records", records, 1, Integer.MAX_VALUE);
            count = Quantity.count("--operations", operations, 1, Integer.MAX_VALUE);
            memoryBytes = Quantity.bytes("--memory", memory, 64 * MIB, Long.MAX_VALUE / 2);
            length = (int) Quantity.bytes("--value-size", valueSize, 1, MIB);
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
        try (ScratchDirectory scratch = ScratchDirectory.below(directory);
                ZapKv store = ZapKv.open(
                        new Context().directory(scratch.path().resolve("store")).memoryBytes(memoryBytes))) {
            final SplittableRandom random = new SplittableRandom(1);
            final double share = write(store, keys, length, random);
            mix(store, keys, length, count, random); // what the compiler has to see
            final Measured without = measure(store, keys, length, count, random, false);
            final Measured with = measure(store, keys, length, count, random, true);
            report(without, with, share, keys, length);
        }
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

    private static Measured measure(
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
        try {
            final Histogram latencies = mix(store, keys, length, count, random);
            return new Measured(latencies, store.stats().checkpoints() - before);
        } finally {
            stop.set(true);
            requests.join();
        }
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

    private void report(
            final Measured without, final Measured with, final double share, final long keys, final int length) {
        final StringBuilder text = new StringBuilder();
        text.append(String.format(Locale.ROOT, ROW, "µs", "p50", "p99", "p99.9", "max", "checkpoints"));
        text.append(row("no checkpoint", without));
        text.append(row("checkpoints all along", with));
        text.append(String.format(
                Locale.ROOT,
                "p99.9 with checkpoints: %.2f times that without.%n"
                        + "Checkpoints at default settings: %.1f %% of the user's bytes (every key written, then twice as many"
                        + " overwrites).%n"
                        + "Run: %,d keys of %d bytes, values of %,d bytes, one thread, half gets, half puts.%n",
                (double) with.latencies().getValueAtPercentile(99.9)
                        / without.latencies().getValueAtPercentile(99.9),
                100 * share,
                keys,
                Keys.LENGTH,
                length));
        spec.commandLine().getOut().print(text);
        spec.commandLine().getOut().flush();
    }

    private static String row(final String name, final Measured measured) {
        final Histogram latencies = measured.latencies();
        return String.format(
                Locale.ROOT,
                ROW,
                name,
                microseconds(latencies.getValueAtPercentile(50)),
                microseconds(latencies.getValueAtPercentile(99)),
                microseconds(latencies.getValueAtPercentile(99.9)),
                microseconds(latencies.getMaxValue()),
                measured.checkpoints());
    }

    private static String microseconds(final long ns) {
        return String.format(Locale.ROOT, ns < 100_000 ? "%.2f" : "%,.0f", ns / 1e3);
    }
}
