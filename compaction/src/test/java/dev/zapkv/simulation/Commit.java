/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import java.io.IOException;
import java.net.URISyntaxException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;

/// The sources that are run.
final class Commit {
    private static final int SEED_DIGITS = 11;
    private static final int HEXADECIMAL = 16;

    private Commit() {}

    /// Directory of the sources: the classes of this module's tests lie three levels below it.
    static Path root() {
        try {
            return Path.of(Commit.class
                            .getProtectionDomain()
                            .getCodeSource()
                            .getLocation()
                            .toURI())
                    .resolve("../../..")
                    .normalize();
        } catch (final URISyntaxException e) {
            throw new IllegalStateException(e);
        }
    }

    /// The commit, and whether anything was changed since; or "unknown".
    static String current() {
        final String commit = git("rev-parse", "--short=12", "HEAD");
        if (commit.isEmpty()) {
            return "unknown";
        }
        return git("status", "--porcelain", "--untracked-files=no").isEmpty() ? commit : commit + " with changes";
    }

    /// A seed that the committed sources of what is simulated decide; without a repository always the same.
    static long seed() {
        final String trees = git("rev-parse", "HEAD:io", "HEAD:zone-allocator", "HEAD:store", "HEAD:compaction");
        return trees.lines()
                .mapToLong(tree -> Long.parseLong(tree.substring(0, SEED_DIGITS), HEXADECIMAL))
                .reduce(1, (a, b) -> a ^ b);
    }

    private static String git(final String... arguments) {
        final String[] command = new String[arguments.length + 1];
        command[0] = "git";
        System.arraycopy(arguments, 0, command, 1, arguments.length);
        try {
            final Process process = new ProcessBuilder(command)
                    .directory(root().toFile())
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8).strip();
            return process.waitFor() == 0 ? output : "";
        } catch (final IOException e) {
            return "";
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            return "";
        }
    }
}
