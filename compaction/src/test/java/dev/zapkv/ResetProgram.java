/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.atomic.AtomicLongArray;

/// What {@code tools/zns-vm reset-test --program} runs: {@code prepare} formats the drive and fills it until zones are
/// collected, {@code load} writes until the machine is reset, {@code check} looks at what is left, once per reset.
///
/// *Promises.* A writer that was told that a step has reached the device logs that to a file of the host's, and with it
/// how many steps of each other writer had returned before the step began: those lie before it in the log, so they must
/// be there, too. Of each writer's steps the first so many must have taken effect after the reset, and no other, and at
/// least as many as the log promises.
///
/// *Lives* are numbered by the resets. The check writes a few steps for the next life, and every other time it ends
/// without closing the store, so that the load begins by recovering it. Every fourth reset may come while it does.
final class ResetProgram {
    private static final int WRITERS = 4;
    private static final int CHECKER = WRITERS;
    private static final int THREADS = WRITERS + 1;
    private static final long CHECKER_STEPS = 40;
    // More than a life of some seconds does behind a writer's last promise.
    private static final long MOST_UNPROMISED = 50_000;
    private static final int ZONES_COLLECTED_BEFORE = 2;
    private static final int THOUSAND = 1000;
    // Of a thousand steps.
    private static final int PROCESS_SHARE = 700;
    private static final int DEVICE_SHARE = 100;
    private static final int OPENING_PERIOD = 4;
    private static final long DEFAULT_SEED = 20261121;
    private static final int EXIT_WRITER_FAILED = 3;

    private final TestDrive drive = TestDrive.only();
    private final KillScript script;
    // What the check writes stays in staging until somebody closes or opens the store.
    private final KillScript checkerScript;
    private final Path notes;
    private final String seed;
    private final int life;

    /// What came of a life.
    ///
    /// @param found         steps of each thread that took effect
    /// @param closedCleanly whether the check after it closed the store
    private record Life(long[] found, boolean closedCleanly) {
        static Life parse(final String line) {
            final String[] words = line.split(" ", -1);
            final long[] found = new long[THREADS];
            for (int thread = 0; thread < THREADS; thread++) {
                found[thread] = Long.parseLong(words[thread]);
            }
            return new Life(found, Boolean.parseBoolean(words[THREADS]));
        }

        String line() {
            final StringBuilder line = new StringBuilder();
            for (final long steps : found) {
                line.append(steps).append(' ');
            }
            return line.append(closedCleanly).append('\n').toString();
        }
    }

    private ResetProgram() {
        seed = Objects.requireNonNullElse(System.getenv("ZNS_VM_SEED"), String.valueOf(DEFAULT_SEED));
        script = new KillScript(Long.parseLong(seed), PROCESS_SHARE, DEVICE_SHARE);
        checkerScript = new KillScript(Long.parseLong(seed), THOUSAND, 0);
        notes = Path.of(Objects.requireNonNull(System.getenv("ZNS_VM_OUT"), "ZNS_VM_OUT: run this by tools/zns-vm"));
        life = Integer.parseInt(Objects.requireNonNullElse(System.getenv("ZNS_VM_TURN"), "0"));
    }

    /// Does one part of the work.
    ///
    /// @param args {@code prepare}, {@code load} or {@code check}
    public static void main(final String[] args) throws IOException, InterruptedException {
        final ResetProgram program = new ResetProgram();
        switch (args[0]) {
            case "prepare" -> program.prepare();
            case "load" -> program.load();
            case "check" -> program.check();
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    private String context() {
        return drive + " seed " + seed + " life " + life;
    }

    private KillScript.Step step(final int ofLife, final int thread, final long sequence) {
        return script(thread).step(ofLife, thread, sequence);
    }

    private KillScript script(final int thread) {
        return thread == CHECKER ? checkerScript : script;
    }

    private void prepare() throws IOException {
        ZapKv.format(drive.context(), true);
        final long[] steps = new long[THREADS];
        try (ZapKv store = ZapKv.open(drive.context())) {
            while (store.stats().zonesCollected() < ZONES_COLLECTED_BEFORE) {
                for (int thread = 0; thread < THREADS; thread++) {
                    step(0, thread, ++steps[thread]).apply(store);
                }
            }
        }
        append(notes.resolve("lives"), new Life(steps, true).line());
        System.out.printf("%s: zones are collected after %d steps%n", context(), THREADS * steps[0]);
    }

    // ---- the load

    private void load() throws InterruptedException {
        TestData.value(1, 1, 100);
        script.step(life, 0, 1);
        // From "ready" on the reset may come.
        final boolean duringOpening = life % OPENING_PERIOD == 0 || life == 1;
        System.out.println(duringOpening ? "opening: ready" : "opening");
        final ZapKv store = ZapKv.open(drive.context());
        System.out.println(
                (duringOpening ? "open: " : "open, ready: ") + store.stats().recovery());
        final AtomicLongArray returned = new AtomicLongArray(THREADS);
        returned.set(CHECKER, life > 1 ? CHECKER_STEPS : 0);
        final Thread[] writers = new Thread[WRITERS];
        for (int t = 0; t < writers.length; t++) {
            final int thread = t;
            writers[t] = Thread.ofPlatform().start(() -> {
                try {
                    write(store, thread, returned);
                } catch (final RuntimeException | IOException e) {
                    e.printStackTrace();
                    Runtime.getRuntime().halt(EXIT_WRITER_FAILED);
                }
            });
        }
        for (final Thread writer : writers) {
            writer.join();
        }
    }

    private void write(final ZapKv store, final int thread, final AtomicLongArray returned) throws IOException {
        final long[] before = new long[THREADS];
        try (FileChannel log = FileChannel.open(
                promises(life, thread),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.APPEND)) {
            for (long sequence = 1; ; sequence++) {
                final KillScript.Step step = script.step(life, thread, sequence);
                for (int other = 0; other < THREADS; other++) {
                    before[other] = returned.get(other);
                }
                step.apply(store);
                returned.set(thread, sequence);
                if (step.level() != Durability.PROCESS) {
                    before[thread] = sequence;
                    writeAll(log, promise(before, store.stats().zonesCollected()));
                }
            }
        }
    }

    private Path promises(final int ofLife, final int thread) {
        return notes.resolve("promises-" + ofLife + "-" + thread);
    }

    private static String promise(final long[] steps, final long zonesCollected) {
        final StringBuilder line = new StringBuilder();
        for (final long count : steps) {
            line.append(count).append(' ');
        }
        return line.append(zonesCollected).append('\n').toString();
    }

    private static void append(final Path file, final String line) throws IOException {
        try (FileChannel log = FileChannel.open(
                file, StandardOpenOption.CREATE, StandardOpenOption.WRITE, StandardOpenOption.APPEND)) {
            writeAll(log, line);
        }
    }

    private static void writeAll(final FileChannel log, final String line) throws IOException {
        final ByteBuffer bytes = ByteBuffer.wrap(line.getBytes(StandardCharsets.US_ASCII));
        while (bytes.hasRemaining()) {
            log.write(bytes);
        }
    }

    // ---- the check

    private void check() throws IOException {
        final List<Life> lives = Files.readAllLines(notes.resolve("lives"), StandardCharsets.US_ASCII).stream()
                .map(Life::parse)
                .toList();
        require(lives.size() == life, "there are notes of " + lives.size() + " lives");
        final ScriptedKeys keys = new ScriptedKeys(THREADS);
        for (int past = 0; past < life; past++) {
            for (int thread = 0; thread < THREADS; thread++) {
                for (long sequence = 1; sequence <= lives.get(past).found()[thread]; sequence++) {
                    keys.adopt(step(past, thread, sequence));
                }
            }
        }
        final long[] promised = promised();
        if (life > 1 && lives.getLast().closedCleanly()) {
            promised[CHECKER] = CHECKER_STEPS;
        }
        // Nothing moves but when this thread makes it.
        final ZapKv store = ZapKv.open(drive.context().threaded(false));
        final String recovery = store.stats().recovery();
        require(!recovery.contains("DAMAGED"), recovery);
        final long[] found = new long[THREADS];
        for (int thread = 0; thread < THREADS; thread++) {
            final long most = thread == CHECKER ? (life > 1 ? CHECKER_STEPS : 0) : promised[thread] + MOST_UNPROMISED;
            found[thread] = keys.adoptPrefix(store, script(thread), life, thread, promised[thread], most, context());
        }
        keys.check(store, context());
        requireAgreement(store, "opened");
        final boolean clean = life % 2 == 0;
        append(notes.resolve("lives"), new Life(found, clean).line());
        for (long sequence = 1; sequence <= CHECKER_STEPS; sequence++) {
            step(life + 1, CHECKER, sequence).apply(store);
        }
        System.out.printf(
                "%s: promised %s, found %s, %d zones collected; %s%n",
                context(), Arrays.toString(promised), Arrays.toString(found), zonesCollected(), recovery);
        System.out.flush();
        if (!clean) {
            Runtime.getRuntime().halt(0);
        }
        store.close();
        // Not before: a collection may have been under way.
        try (ZapKv reopened = ZapKv.open(drive.context().threaded(false))) {
            requireAgreement(reopened, "reopened");
        }
    }

    private void requireAgreement(final ZapKv store, final String moment) {
        try (DriveZones zones = drive.zones()) {
            final String difference =
                    zones.difference(store.zones(), drive.range().count());
            require(difference == null, moment + ": " + difference);
        }
    }

    private void require(final boolean condition, final String problem) {
        if (!condition) {
            throw new AssertionError(context() + ": " + problem);
        }
    }

    private long[] promised() throws IOException {
        final long[] promised = new long[THREADS];
        for (int writer = 0; writer < WRITERS; writer++) {
            for (final String line : lines(writer)) {
                final String[] words = line.split(" ", -1);
                for (int thread = 0; thread < THREADS; thread++) {
                    promised[thread] = Math.max(promised[thread], Long.parseLong(words[thread]));
                }
            }
        }
        return promised;
    }

    private long zonesCollected() throws IOException {
        long collected = 0;
        for (int writer = 0; writer < WRITERS; writer++) {
            for (final String line : lines(writer)) {
                collected = Math.max(collected, Long.parseLong(line.substring(line.lastIndexOf(' ') + 1)));
            }
        }
        return collected;
    }

    /// The whole lines of a log; the reset may have cut off the last one.
    private List<String> lines(final int writer) throws IOException {
        final Path file = promises(life, writer);
        if (!Files.exists(file)) {
            return List.of();
        }
        final String text = Files.readString(file, StandardCharsets.US_ASCII);
        return text.substring(0, text.lastIndexOf('\n') + 1).lines().toList();
    }
}
