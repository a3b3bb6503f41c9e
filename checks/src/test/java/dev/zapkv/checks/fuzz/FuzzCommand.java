/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.fuzz;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.Locale;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Collectors;
import java.util.stream.Stream;

/// `zapkv fuzz [--minutes N] [--keep] [TARGET ...]`: lets Jazzer have each target for its share of the time, one
/// process after another, beginning with the kept corpus.
public final class FuzzCommand {
    private static final String USAGE = "zapkv fuzz [--minutes N] [--keep] [TARGET ...]";
    private static final double DEFAULT_MINUTES = 10;
    private static final int SECONDS_PER_MINUTE = 60;
    private static final int HANG_SECONDS = 10;
    private static final int INPUT_BYTES_MAX = 4 << 10;
    private static final Pattern RUNS = Pattern.compile("Done (\\d+) runs in (\\d+) second");
    private static final Pattern EXECUTED = Pattern.compile("stat::number_of_executed_units: *(\\d+)");

    private final Path module;
    private final Path work;
    private final boolean keep;

    private FuzzCommand(final Path module, final boolean keep) {
        this.module = module;
        this.keep = keep;
        work = module.resolve("target").resolve("fuzz").toAbsolutePath();
    }

    /// What a target's process did.
    private record Outcome(String target, long runs, double seconds, String finding) {}

    /// Runs until the time is up, or until the first finding of each target.
    ///
    /// @param arguments as in the usage; first, from the launcher, the directory of this module
    public static void main(final String[] arguments) throws IOException, InterruptedException {
        double minutes = DEFAULT_MINUTES;
        boolean keep = false;
        final List<String> targets = new ArrayList<>();
        try {
            for (int i = 1; i < arguments.length; i++) {
                switch (arguments[i]) {
                    case "--minutes" -> minutes = Double.parseDouble(arguments[++i]);
                    case "--keep" -> keep = true;
                    default -> targets.add(FuzzTargets.check(arguments[i]));
                }
            }
        } catch (final IllegalArgumentException | ArrayIndexOutOfBoundsException e) {
            System.err.println("usage: " + USAGE + "\n" + e.getMessage());
            System.exit(2);
        }
        final FuzzCommand command = new FuzzCommand(Path.of(arguments[0]), keep);
        System.exit(command.run(targets.isEmpty() ? FuzzTargets.names() : targets, minutes) ? 0 : 1);
    }

    /// @return whether nothing was found
    private boolean run(final List<String> targets, final double minutes) throws IOException, InterruptedException {
        final int seconds = (int) Math.max(1, minutes * SECONDS_PER_MINUTE / targets.size());
        long runs = 0;
        int findings = 0;
        System.out.printf(Locale.ROOT, "%-16s %14s %10s  %s%n", "target", "executions", "per second", "finding");
        for (final String target : targets) {
            final Outcome outcome = fuzz(target, seconds);
            runs += outcome.runs();
            findings += outcome.finding().isEmpty() ? 0 : 1;
            System.out.printf(
                    Locale.ROOT,
                    "%-16s %,14d %,10.0f  %s%n",
                    target,
                    outcome.runs(),
                    outcome.runs() / outcome.seconds(),
                    outcome.finding());
            if (keep && outcome.finding().isEmpty()) {
                keep(target);
            }
        }
        System.out.printf(Locale.ROOT, "%-16s %,14d %10s  %d%n", "all", runs, "", findings);
        return findings == 0;
    }

    private Outcome fuzz(final String target, final int seconds) throws IOException, InterruptedException {
        final FuzzTarget instance = FuzzTargets.named(target);
        final Path inputs = work.resolve(target);
        final List<byte[]> known = new ArrayList<>(Corpus.read(Corpus.file(module, target)));
        known.addAll(instance.seeds());
        Corpus.unpack(known, inputs);
        final Path log = work.resolve(target + ".log");
        final long begin = System.nanoTime();
        final int code =
                jazzer(log, target, List.of("-max_total_time=" + seconds, "-print_final_stats=1", inputs.toString()));
        final double elapsed = (System.nanoTime() - begin) / 1e9;
        final String output = Files.readString(log, StandardCharsets.ISO_8859_1);
        final Matcher done = RUNS.matcher(output);
        if (code == 0 && done.find()) {
            return new Outcome(target, Long.parseLong(done.group(1)), Math.max(1, Long.parseLong(done.group(2))), "");
        }
        final Matcher executed = EXECUTED.matcher(output);
        return new Outcome(
                target,
                executed.find() ? Long.parseLong(executed.group(1)) : 0,
                elapsed,
                "see " + describe(target, log));
    }

    /// The finding's input as a line for the corpus.
    private String describe(final String target, final Path log) throws IOException {
        final List<Path> artifacts;
        try (Stream<Path> files = Files.list(work)) {
            artifacts = files.filter(file -> file.getFileName().toString().startsWith(target + "-finding-"))
                    .toList();
        }
        final StringBuilder text = new StringBuilder(log.toString());
        for (final Path artifact : artifacts) {
            text.append("; input ").append(Base64.getEncoder().encodeToString(Files.readAllBytes(artifact)));
        }
        return text.toString();
    }

    /// The smallest set of inputs that covers as much, in the place of the kept ones.
    private void keep(final String target) throws IOException, InterruptedException {
        final Path minimal = work.resolve(target + "-minimal");
        Files.createDirectories(minimal);
        try (Stream<Path> files = Files.list(minimal)) {
            for (final Path file : files.toList()) {
                Files.delete(file);
            }
        }
        final Path log = work.resolve(target + "-merge.log");
        final int code = jazzer(
                log,
                target,
                List.of("-merge=1", minimal.toString(), work.resolve(target).toString()));
        if (code != 0) {
            throw new IOException("merging the corpus of " + target + " failed: see " + log);
        }
        System.out.println("  kept " + Corpus.pack(minimal, Corpus.file(module, target)) + " inputs");
    }

    private int jazzer(final Path log, final String target, final List<String> arguments)
            throws IOException, InterruptedException {
        final List<String> command = new ArrayList<>(List.of(
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "-Xmx512m",
                "--add-opens",
                "java.base/jdk.internal.misc=ALL-UNNAMED",
                "--enable-native-access=ALL-UNNAMED",
                "--sun-misc-unsafe-memory-access=allow",
                "-cp",
                classPath(),
                "com.code_intelligence.jazzer.Jazzer",
                "--target_class=" + JazzerEntry.class.getName(),
                "--target_args=" + target,
                "--instrumentation_includes=dev.zapkv.**",
                // Its own detectors look for web attacks; what a target promises is asserted by the target.
                "--disabled_hooks=com.code_intelligence.jazzer.sanitizers.*",
                "--reproducer_path=" + work,
                "-artifact_prefix=" + work.resolve(target + "-finding-"),
                "-timeout=" + HANG_SECONDS,
                "-max_len=" + INPUT_BYTES_MAX));
        command.addAll(arguments);
        Files.createDirectories(work);
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(log.toFile())
                .start()
                .waitFor();
    }

    /// Without JUnit: where Jazzer finds it, it starts its own of another version.
    private static String classPath() {
        return Stream.of(System.getProperty("java.class.path").split(File.pathSeparator))
                .filter(entry -> !Path.of(entry).getFileName().toString().startsWith("junit"))
                .collect(Collectors.joining(File.pathSeparator));
    }
}
