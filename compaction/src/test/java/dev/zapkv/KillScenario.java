/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/// A writing process is killed again and again, also while it opens or closes the store. Whatever it had been
/// acknowledged is there afterwards; of the step it was at, all or nothing; and nothing else.
abstract class KillScenario {
    private static final long SEED = Long.getLong("zapkv.test.seed", 20261121);
    private static final int CLEAN_CLOSE_PERIOD = 10;
    private static final int OPENING_PERIOD = 4;
    // Every so many kills come at any time after the process began to open the store.
    private static final int BLIND_PERIOD = 5;

    @TempDir
    private Path root;

    private final KillScript script = new KillScript(SEED);
    private final SplittableRandom random = new SplittableRandom(SEED);
    private final ScriptedKeys keys = new ScriptedKeys(KillScript.THREADS);
    private long acknowledged;
    private int midway;
    private int fromCheckpoint;
    private Process next;

    @AfterEach
    void endWaitingChild() {
        if (next != null) {
            next.destroyForcibly();
        }
    }

    /// Where the store lies.
    abstract String location(Path directory);

    /// The zones of a drive that are its.
    String zones() {
        return "0-";
    }

    void killAndCheck(final int kills) throws IOException, InterruptedException {
        Process child = child(0);
        for (int life = 0; life < kills; life++) {
            runAndKill(child, life);
            if (life % OPENING_PERIOD == 0) {
                // And once more, while it recovers, before it has written anything.
                final Process recovering = child(life, 0);
                go(recovering);
                recovering.waitFor(random.nextLong(120), TimeUnit.MILLISECONDS);
                recovering.destroyForcibly().waitFor();
            }
            next = life + 1 < kills ? child(life + 1) : null;
            final String context = "seed " + SEED + " life " + life;
            try (ZapKv store = ZapKv.open(KillChild.context(location(root), zones()))) {
                check(store, life, context + " (" + store.stats().recovery() + ")");
                fromCheckpoint += store.stats().recovery().contains("; checkpoint ") ? 1 : 0;
                assertTrue(
                        !store.stats().recovery().contains("DAMAGED"),
                        context + store.stats().recovery());
            }
            child = next;
        }
        System.out.printf(
                "seed %d: %d kills, %d steps acknowledged, %d kills in the midst of a step, %d openings from a"
                        + " checkpoint%n",
                SEED, kills, acknowledged, midway, fromCheckpoint);
        assertTrue(acknowledged > kills, "the writer hardly wrote");
    }

    /// Openings after a kill that read a checkpoint.
    int openingsFromCheckpoint() {
        return fromCheckpoint;
    }

    private Process child(final int life) throws IOException {
        return child(life, life % CLEAN_CLOSE_PERIOD == CLEAN_CLOSE_PERIOD - 1 ? 2_000 : Long.MAX_VALUE);
    }

    private Process child(final int life, final long steps) throws IOException {
        return ChildJvm.start(
                KillChild.class,
                ChildJvm.FLAGS,
                output(life),
                location(root),
                progressFile(life).toString(),
                String.valueOf(SEED),
                String.valueOf(life),
                String.valueOf(steps),
                zones());
    }

    private File output(final int life) {
        return root.resolve("output-" + life).toFile();
    }

    private Path progressFile(final int life) {
        return root.resolve("progress-" + life);
    }

    private static void go(final Process child) throws IOException {
        child.getOutputStream().write('\n');
        child.getOutputStream().flush();
    }

    private void runAndKill(final Process child, final int life) throws IOException, InterruptedException {
        go(child);
        final MemorySegment progress = KillChild.progress(progressFile(life));
        boolean ended = false;
        if (life % BLIND_PERIOD != 0) {
            while (!ended && !KillChild.isOpen(progress)) {
                ended = child.waitFor(1, TimeUnit.MILLISECONDS);
            }
        }
        ended = child.waitFor(1 + random.nextLong(900), TimeUnit.MILLISECONDS);
        child.destroyForcibly().waitFor();
        if (ended && child.exitValue() != 0) {
            throw new AssertionError("seed " + SEED + " life " + life + ": the writer failed: "
                    + Files.readString(output(life).toPath(), StandardCharsets.UTF_8));
        }
    }

    private void check(final ZapKv store, final int life, final String context) throws IOException {
        final MemorySegment progress = KillChild.progress(progressFile(life));
        for (int thread = 0; thread < KillScript.THREADS; thread++) {
            final long at = (long) thread * KillChild.PROGRESS_STRIDE;
            final long started = progress.get(ValueLayout.JAVA_LONG, at + KillChild.STARTED);
            final long done = progress.get(ValueLayout.JAVA_LONG, at + KillChild.ACKNOWLEDGED);
            for (long sequence = 1; sequence <= done; sequence++) {
                keys.adopt(script.step(life, thread, sequence));
            }
            acknowledged += done;
            if (started > done) {
                midway++;
                final KillScript.Step step = script.step(life, thread, started);
                if (keys.isApplied(store, step, context + " step " + started)) {
                    keys.adopt(step);
                }
            }
        }
        keys.check(store, context);
    }
}
