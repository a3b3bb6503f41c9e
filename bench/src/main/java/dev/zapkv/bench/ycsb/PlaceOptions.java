/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.bench.ScratchDirectory;
import java.io.IOException;
import java.io.Writer;
import java.nio.charset.StandardCharsets;
import java.nio.file.AccessDeniedException;
import java.nio.file.FileAlreadyExistsException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.ParameterException;
import picocli.CommandLine.Spec;

/// The options of all benchmarks on where data and results go.
public final class PlaceOptions {
    @Spec(Spec.Target.MIXEE)
    private CommandSpec spec = CommandSpec.create();

    @Option(
            names = "--directory",
            paramLabel = "DIR",
            description = "Where a directory for the data is made, and deleted afterwards (default: ./data).")
    private Path directory = Path.of("data");

    @Option(names = "--json", paramLabel = "FILE", description = "Also write the results to a JSON file.")
    private Path json;

    /// For the command line parser.
    public PlaceOptions() {}

    /// Looks whether a directory has room for the data.
    @FunctionalInterface
    public interface RoomCheck {
        /// Throws if it has not.
        ///
        /// @throws IllegalArgumentException with what to do
        void check(Path directory) throws IOException;
    }

    /// Makes a directory for the data, once it is known that the results can be written: better now than after
    /// minutes of work.
    ///
    /// @throws ParameterException if one of the two cannot be
    public ScratchDirectory scratch(final RoomCheck room) {
        checkJsonTarget();
        try {
            final ScratchDirectory scratch = ScratchDirectory.below(directory);
            try {
                room.check(scratch.path());
                return scratch;
            } catch (final IOException | RuntimeException e) {
                scratch.close();
                throw e;
            }
        } catch (final IOException e) {
            throw unusable(e);
        } catch (final IllegalArgumentException e) {
            throw new ParameterException(spec.commandLine(), e.getMessage(), e);
        }
    }

    private ParameterException unusable(final IOException e) {
        final String reason = switch (e) {
            case AccessDeniedException denied -> "permission denied";
            case FileAlreadyExistsException file -> "it is not a directory";
            case NoSuchFileException missing -> "it is not there and cannot be made";
            default -> e.getMessage();
        };
        return new ParameterException(
                spec.commandLine(),
                "--directory " + directory + " cannot be used: " + reason + "; choose a writable one",
                e);
    }

    private void checkJsonTarget() {
        if (json == null) {
            return;
        }
        final Path parent = json.toAbsolutePath().getParent();
        final boolean usable = Files.exists(json)
                ? Files.isRegularFile(json) && Files.isWritable(json)
                : parent != null && Files.isDirectory(parent) && Files.isWritable(parent);
        if (!usable) {
            throw new ParameterException(
                    spec.commandLine(), "--json " + json + " cannot be written; name a file in a writable directory");
        }
    }

    /// Writes results for machines.
    @FunctionalInterface
    public interface Results {
        /// Writes them.
        ///
        /// @param command the command line as given
        void write(Writer target, String command) throws IOException;
    }

    /// Prints the results, and writes them to the file if one was named.
    public void report(final String text, final Results results) throws IOException {
        spec.commandLine().getOut().print(text);
        spec.commandLine().getOut().flush();
        if (json != null) {
            try (Writer writer = Files.newBufferedWriter(json, StandardCharsets.UTF_8)) {
                results.write(writer, command());
            }
        }
    }

    private String command() {
        final List<String> words = new ArrayList<>(List.of("zapkv", "bench"));
        words.addAll(spec.root().commandLine().getParseResult().originalArgs());
        return String.join(" ", words);
    }
}
