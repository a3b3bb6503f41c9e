/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.io.StringWriter;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import javax.tools.JavaCompiler;
import javax.tools.ToolProvider;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The library quick start of the README compiles, runs with the flags the README gives, and prints what the README
/// prints.
final class ReadmeTest {
    private static final String CLASS_NAME = "QuickStart";
    private static final Pattern RUN_COMMAND =
            Pattern.compile("^java (--.*) -cp \\S+ " + CLASS_NAME + "$", Pattern.MULTILINE);
    private static final long TIMEOUT_S = 120;

    @TempDir
    private Path directory;

    private String readme;

    @BeforeEach
    void readReadme() throws IOException {
        // Surefire runs in the module's directory, an IDE perhaps in the project's.
        final Path besideModule = Path.of("..", "README.md");
        readme = Files.readString(Files.exists(besideModule) ? besideModule : Path.of("README.md"));
    }

    @Test
    void shouldPrintWhatTheReadmeSaysWhenTheQuickStartRunsWithItsFlags() throws Exception {
        final String classPath = System.getProperty("java.class.path");
        final Path source = directory.resolve(CLASS_NAME + ".java");
        Files.writeString(source, fencedBlock("java"));
        compile(source, classPath);

        final Path errors = directory.resolve("stderr");
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(documentedFlags());
        command.addAll(List.of("-cp", directory + ":" + classPath, CLASS_NAME));
        final Path output = directory.resolve("stdout");
        final Process process = new ProcessBuilder(command)
                .directory(directory.toFile())
                .redirectOutput(output.toFile())
                .redirectError(errors.toFile())
                .start();
        try {
            assertTrue(
                    process.waitFor(TIMEOUT_S, TimeUnit.SECONDS),
                    "still running after " + TIMEOUT_S + " s: " + command);
        } finally {
            process.destroyForcibly();
        }
        assertEquals(0, process.exitValue(), Files.readString(errors));
        assertEquals(fencedBlock("text"), Files.readString(output), Files.readString(errors));
    }

    private void compile(final Path source, final String classPath) throws IOException {
        final JavaCompiler compiler = ToolProvider.getSystemJavaCompiler();
        final StringWriter messages = new StringWriter();
        try (var files = compiler.getStandardFileManager(null, null, null)) {
            final boolean compiled = compiler.getTask(
                            messages,
                            files,
                            null,
                            List.of(
                                    "-cp",
                                    classPath,
                                    "-d",
                                    directory.toString(),
                                    "-proc:none",
                                    "-Xlint:all,-path",
                                    "-Werror"),
                            null,
                            files.getJavaFileObjects(source))
                    .call();
            assertTrue(compiled, messages.toString());
        }
    }

    private List<String> documentedFlags() {
        final Matcher matcher = RUN_COMMAND.matcher(readme);
        assertTrue(matcher.find(), "README.md has no line that matches " + RUN_COMMAND);
        return List.of(matcher.group(1).split(" +"));
    }

    /// The first block of a language behind the quick start's heading, without its fences.
    private String fencedBlock(final String language) {
        final int section = readme.indexOf("\n## Library quick start\n");
        assertTrue(section >= 0, "README.md has no section 'Library quick start'");
        final String opening = "\n```" + language + "\n";
        final int start = readme.indexOf(opening, section);
        assertTrue(start >= 0, "README.md has no " + language + " block in its quick start");
        final int end = readme.indexOf("\n```\n", start + opening.length() - 1);
        assertTrue(end >= 0, "the " + language + " block of README.md does not end");
        return readme.substring(start + opening.length(), end + 1);
    }
}
