/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;

/// Starts a JVM with this one's class path.
final class ChildJvm {
    /// The flags an embedder needs.
    static final List<String> FLAGS =
            List.of("--add-opens", "java.base/jdk.internal.misc=ALL-UNNAMED", "--enable-native-access=ALL-UNNAMED");

    private static final int DUMP_SECONDS = 5;

    private ChildJvm() {}

    /// A process that runs a class; what it prints goes to a file.
    static Process start(final Class<?> main, final List<String> flags, final File output, final String... arguments)
            throws IOException {
        final List<String> command = new ArrayList<>();
        command.add(Path.of(System.getProperty("java.home"), "bin", "java").toString());
        command.addAll(flags);
        command.addAll(List.of("-Xmx256m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1"));
        command.addAll(List.of("-cp", System.getProperty("java.class.path"), main.getName()));
        command.addAll(List.of(arguments));
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(output)
                .start();
    }

    /// What the process has printed so far, and where its threads are.
    static String threads(final Process child, final File output) throws IOException, InterruptedException {
        final Process asked = new ProcessBuilder("kill", "-QUIT", String.valueOf(child.pid())).start();
        asked.waitFor();
        child.waitFor(DUMP_SECONDS, TimeUnit.SECONDS);
        return Files.readString(output.toPath(), StandardCharsets.UTF_8);
    }
}
