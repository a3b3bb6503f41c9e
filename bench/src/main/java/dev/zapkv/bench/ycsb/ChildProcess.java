/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.bench.peer.EngineKind;
import java.io.BufferedReader;
import java.io.IOException;
import java.io.InputStreamReader;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.List;
import java.util.Optional;
import java.util.function.Consumer;

/// A JVM of its own for one engine and repetition; the same flags and heap for every engine.
public final class ChildProcess implements AutoCloseable {
    private static final int ERROR_LINES_KEPT = 30;
    private static final List<String> JVM_FLAGS = List.of(
            "-Xms512m",
            "-Xmx512m",
            "-XX:+UseG1GC",
            "-XX:-UsePerfData",
            "--add-opens",
            "java.base/jdk.internal.misc=ALL-UNNAMED",
            "--add-opens",
            "java.base/java.lang=ALL-UNNAMED",
            "--enable-native-access=ALL-UNNAMED");

    private final Process process;
    private final Deque<String> errorLines = new ArrayDeque<>();
    private final Thread errorReader;

    private ChildProcess(final Process process) {
        this.process = process;
        this.errorReader = Thread.ofPlatform().daemon().name("child-errors").start(this::readErrors);
    }

    /// The JVM flags as reported.
    public static String jvmFlags() {
        return String.join(" ", JVM_FLAGS);
    }

    static ChildProcess start(
            final Class<?> mainClass,
            final EngineKind engine,
            final RunSettings settings,
            final Path directory,
            final Optional<Path> sharedMemory)
            throws IOException {
        final List<String> arguments = new ArrayList<>(List.of("ycsb-child"));
        arguments.addAll(List.of("--engine", engine.toString(), "--directory", directory.toString()));
        sharedMemory.ifPresent(path -> arguments.addAll(List.of("--shared-memory", path.toString())));
        arguments.addAll(RunOptions.arguments(settings));
        return start(mainClass, arguments);
    }

    /// Starts one with arguments of its own. Its standard input stays open as long as this process lives.
    public static ChildProcess start(final Class<?> mainClass, final List<String> arguments) throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(JVM_FLAGS);
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), mainClass.getName()));
        command.addAll(arguments);
        return new ChildProcess(new ProcessBuilder(command).start());
    }

    /// Hands on the child's messages until it ends; throws if it failed.
    void await(final Consumer<ChildMessage> messages) throws IOException {
        awaitLines(line -> {
            final ChildMessage message;
            try {
                message = ChildProtocol.decode(line);
            } catch (final IOException e) {
                // A JVM that crashes says so on its standard output.
                keep(line);
                return;
            }
            if (message instanceof ChildMessage.Failure failure) {
                throw new PhaseFailedException(failure.message());
            }
            messages.accept(message);
        });
    }

    /// Hands on the lines of the child's standard output until it ends; throws if it failed.
    public void awaitLines(final Consumer<String> consumer) throws IOException {
        try (BufferedReader lines = process.inputReader(StandardCharsets.UTF_8)) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                consumer.accept(line);
            }
            final int exitCode = process.waitFor();
            errorReader.join();
            if (exitCode != 0) {
                throw new PhaseFailedException(
                        "the benchmark process ended with exit code " + exitCode + "\n" + errors());
            }
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new PhaseFailedException("interrupted while a benchmark process ran", e);
        }
    }

    /// Waits for the next line of the child's standard output, after which the child is killed (SIGKILL) and reaped.
    ///
    /// @return the line
    public String killAfterLine() throws IOException {
        final String line = process.inputReader(StandardCharsets.UTF_8).readLine();
        if (line == null) {
            throw new PhaseFailedException("the benchmark process ended by itself\n" + errors());
        }
        close();
        return line;
    }

    private void readErrors() {
        try (BufferedReader lines =
                new BufferedReader(new InputStreamReader(process.getErrorStream(), StandardCharsets.UTF_8))) {
            for (String line = lines.readLine(); line != null; line = lines.readLine()) {
                keep(line);
            }
        } catch (final IOException e) {
            keep("cannot read what the benchmark process said: " + e.getMessage());
        }
    }

    private synchronized void keep(final String line) {
        errorLines.addLast(line);
        if (errorLines.size() > ERROR_LINES_KEPT) {
            errorLines.removeFirst();
        }
    }

    /// The last lines of the child's standard error.
    synchronized String errors() {
        return String.join("\n", errorLines);
    }

    /// Ends the child if it still runs.
    @Override
    public void close() {
        process.destroyForcibly();
        boolean interrupted = false;
        while (process.isAlive()) {
            try {
                process.waitFor();
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
