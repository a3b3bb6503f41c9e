/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.KillChild.Phase;
import java.io.File;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.EnumMap;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import java.util.function.BooleanSupplier;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.io.TempDir;

/// A writing process is killed again and again: as it writes, takes checkpoints, collects, opens or closes the store,
/// and as the next one recovers from that. Whatever it had been acknowledged is there afterwards; of the step it was
/// at, all or nothing; and nothing else.
abstract class KillScenario {
    private static final long SEED = Long.getLong("zapkv.test.seed", 20261121);
    private static final int MAX_RUN_MS = 400;
    private static final long MIN_DELAY_US = 20;
    private static final int STEPS_BEFORE_CLOSE = 1_000;
    // Under emulation everything takes long.
    private static final int LONGEST_STEP_SECONDS = 180;
    // What the kills of successive lives aim at; openings are killed in between.
    private static final Phase[] AIMS = {
        Phase.OPEN, Phase.CHECKPOINTING, Phase.CLOSING, Phase.OPEN, Phase.COLLECTING, Phase.OPENING
    };
    // Of the kills that are wanted, one in so many is to hit each aim. More follow until it is so.
    private static final int SHARE_OF_AIM = 20;
    private static final int MAX_LIVES_PER_KILL = 4;

    @TempDir
    private Path root;

    private final KillScript script = KillScript.ofMixedLevels(SEED);
    private final SplittableRandom random = new SplittableRandom(SEED);
    private final ScriptedKeys keys = new ScriptedKeys(KillScript.THREADS);
    private final Map<Phase, Integer> killed = new EnumMap<>(Phase.class);
    // How long at most to wait in a phase before the kill: found out, since machines take different times.
    private final Map<Phase, Long> delayUs = new EnumMap<>(Map.of(
            Phase.OPENING, 300_000L,
            Phase.OPEN, 5_000L,
            Phase.CHECKPOINTING, 5_000L,
            Phase.COLLECTING, 5_000L,
            Phase.CLOSING, 60_000L));
    private int kills;
    private int runs;
    private long acknowledged;
    private int midway;
    private int fromCheckpoint;
    private int fromStaging;
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

    /// How many steps each thread takes at most before a close that is to be killed.
    int stepsBeforeClose() {
        return STEPS_BEFORE_CLOSE;
    }

    void killAndCheck(final int wanted) throws IOException, InterruptedException {
        next = child();
        for (int life = 0; kills < wanted || isAnyAimMissed(wanted); life++) {
            assertTrue(life < MAX_LIVES_PER_KILL * wanted, "kills hardly hit what they aim at: " + killed);
            final Path progressFile = root.resolve("progress-" + life);
            runAndKill(life, AIMS[life % AIMS.length], progressFile);
            while (random.nextInt(3) == 0) {
                // And once more, while it recovers, before it has written anything.
                runAndKill(life, Phase.OPENING, root.resolve("progress-of-recovery"));
                Files.delete(root.resolve("progress-of-recovery"));
            }
            final String context = "seed " + SEED + " life " + life;
            try (ZapKv store = ZapKv.open(KillChild.context(location(root), zones()))) {
                final String recovery = store.stats().recovery();
                check(store, life, progressFile, context + " (" + recovery + ")");
                fromCheckpoint += recovery.contains("; checkpoint ") ? 1 : 0;
                fromStaging += recovery.contains("taken over from staging") ? 1 : 0;
                assertTrue(!recovery.contains("DAMAGED"), context + recovery);
            }
            Files.delete(progressFile);
        }
        System.out.printf(
                "seed %d: %d kills %s of %d processes, %d steps acknowledged, %d kills in the midst of a step, %d openings"
                        + " from a checkpoint, %d from staging%n",
                SEED, kills, killed, runs, acknowledged, midway, fromCheckpoint, fromStaging);
        assertTrue(acknowledged > wanted, "the writers hardly wrote");
    }

    /// Openings after a kill that read a checkpoint.
    int openingsFromCheckpoint() {
        return fromCheckpoint;
    }

    /// Openings after a kill that took over staging.
    int openingsFromStaging() {
        return fromStaging;
    }

    /// Kills that came while the process was at this.
    int killsWhile(final Phase phase) {
        return killed.getOrDefault(phase, 0);
    }

    private boolean isAnyAimMissed(final int wanted) {
        return Stream.of(AIMS).anyMatch(aim -> killsWhile(aim) <= wanted / SHARE_OF_AIM);
    }

    private Process child() throws IOException {
        runs++;
        return ChildJvm.start(
                KillChild.class, ChildJvm.FLAGS, output(runs), location(root), zones(), String.valueOf(SEED));
    }

    private File output(final int run) {
        return root.resolve("output-" + run).toFile();
    }

    private void runAndKill(final int life, final Phase aim, final Path progressFile)
            throws IOException, InterruptedException {
        final Process child = next;
        final File output = output(runs);
        final long steps = aim == Phase.CLOSING
                ? 1 + random.nextInt(stepsBeforeClose())
                : aim == Phase.OPENING ? 0 : Long.MAX_VALUE;
        child.getOutputStream()
                .write((life + " " + steps + " " + progressFile + "\n").getBytes(StandardCharsets.UTF_8));
        child.getOutputStream().flush();
        final MemorySegment progress = KillChild.progress(progressFile);
        if (aim != Phase.OPENING && aim != Phase.CLOSING) {
            await(child, output, () -> KillChild.phase(progress).compareTo(Phase.OPEN) >= 0);
            child.waitFor(random.nextInt(MAX_RUN_MS), TimeUnit.MILLISECONDS);
        }
        await(child, output, () -> KillChild.phase(progress) == aim);
        child.waitFor(random.nextLong(delayUs.get(aim)), TimeUnit.MICROSECONDS);
        child.destroyForcibly().waitFor();
        final Phase phase = KillChild.phase(progress);
        delayUs.compute(aim, (p, delay) -> phase == aim ? delay + delay / 4 : Math.max(MIN_DELAY_US, delay / 2));
        if (phase == Phase.CLOSED) {
            assertTrue(steps < Long.MAX_VALUE, "a writer ended");
        } else {
            kills++;
            killed.merge(phase, 1, Integer::sum);
        }
        if (child.exitValue() != 0 && child.exitValue() != 128 + 9) {
            throw new AssertionError("seed " + SEED + " life " + life + ": the writer failed: "
                    + Files.readString(output.toPath(), StandardCharsets.UTF_8));
        }
        Files.delete(output.toPath());
        next = child();
    }

    /// Waits until the process has come to a point, or has ended.
    private static void await(final Process child, final File output, final BooleanSupplier point)
            throws IOException, InterruptedException {
        final long deadline = System.nanoTime() + TimeUnit.SECONDS.toNanos(LONGEST_STEP_SECONDS);
        while (child.isAlive() && !point.getAsBoolean()) {
            if (System.nanoTime() > deadline) {
                throw new AssertionError("the process does not come to the point where it is to be killed: "
                        + ChildJvm.threads(child, output));
            }
            child.waitFor(200, TimeUnit.MICROSECONDS);
        }
    }

    private void check(final ZapKv store, final int life, final Path progressFile, final String context)
            throws IOException {
        final MemorySegment progress = KillChild.progress(progressFile);
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
