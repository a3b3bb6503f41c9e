/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.recovery;

import dev.zapkv.Durability;
import dev.zapkv.bench.peer.EngineConfig;
import dev.zapkv.bench.peer.EngineKind;
import dev.zapkv.bench.peer.KvEngine;
import dev.zapkv.bench.ycsb.ChildCommand;
import dev.zapkv.bench.ycsb.MachineMemory;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.Callable;
import java.util.concurrent.CountDownLatch;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// One step in this process, started by {@link RecoveryCommand}; prints one line when it is done. Ends itself when the
/// parent goes away.
@Command(name = "recovery-child", hidden = true)
public final class RecoveryChild implements Callable<Integer> {
    /// What a child does.
    enum Step {
        /// Writes every key once and closes.
        FILL,
        /// Overwrites keys at random, says so, and waits to be killed.
        OVERWRITE,
        /// Overwrites keys at random and closes.
        OVERWRITE_AND_CLOSE,
        /// Opens and reads a key, says how long that took, and closes.
        OPEN
    }

    @Option(names = "--step", required = true)
    private Step step = Step.OPEN;

    @Option(names = "--engine", required = true)
    private String engine = "";

    @Option(names = "--directory", required = true)
    private Path directory = Path.of("");

    @Option(names = "--shared-memory")
    private Path sharedMemory;

    @Option(names = "--memory", required = true)
    private long memoryBytes;

    @Option(names = "--records", required = true)
    private long records;

    @Option(names = "--value-size", required = true)
    private int valueSize;

    @Option(names = "--count", required = true)
    private long count;

    @Option(names = "--seed", required = true)
    private long seed;

    /// For the command line parser.
    public RecoveryChild() {}

    @Override
    public Integer call() throws InterruptedException {
        final PrintStream channel = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err); // What a library prints must not get between the lines.
        ChildCommand.endWithParent();
        final byte[] value = new byte[valueSize];
        final byte[] key = new byte[Keys.LENGTH];
        final SplittableRandom random = new SplittableRandom(seed);
        if (step == Step.OPEN) {
            // What the engine takes, and as much for what it reads through the page cache.
            MachineMemory.touch(2 * memoryBytes);
        }
        final long started = System.nanoTime();
        try (KvEngine store = EngineKind.named(engine)
                .open(new EngineConfig(directory, null, sharedMemory, memoryBytes, Durability.PROCESS))) {
            switch (step) {
                case FILL -> {
                    for (long i = 0; i < records; i++) {
                        random.nextBytes(value);
                        store.insert(Keys.set(key, i), value);
                    }
                }
                case OVERWRITE, OVERWRITE_AND_CLOSE -> {
                    for (long i = 0; i < count; i++) {
                        random.nextBytes(value);
                        store.update(Keys.set(key, random.nextLong(records)), value);
                    }
                    if (step == Step.OVERWRITE) {
                        channel.println("overwritten");
                        new CountDownLatch(1).await(); // until killed
                    }
                }
                case OPEN -> {
                    final int length = store.read(Keys.set(key, random.nextLong(records)), value);
                    final long openedNs = System.nanoTime() - started;
                    if (length != valueSize) {
                        throw new IllegalStateException("a key that was written is not found after opening");
                    }
                    channel.println(openedNs + " " + store.opening());
                }
            }
        }
        return 0;
    }
}
