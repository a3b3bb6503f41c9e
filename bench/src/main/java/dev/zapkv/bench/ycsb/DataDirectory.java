/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.List;

/// What Java cannot ask of a directory, asked of coreutils.
record DataDirectory(Path path) {
    /// Allocated bytes, preallocated and sparse files as what they really take. Files that vanish meanwhile
    /// (compaction) are no error.
    long allocatedBytes() {
        final String output = run(List.of("du", "-s", "--block-size=1", path.toString()));
        final int tab = output.indexOf('\t');
        if (tab < 0) {
            throw new IllegalStateException("du printed no size for " + path);
        }
        return Long.parseLong(output.substring(0, tab));
    }

    /// Writes everything that the file system still holds in memory.
    void sync() {
        run(List.of("sync", "--file-system", path.toString()));
    }

    private static String run(final List<String> command) {
        try {
            final Process process = new ProcessBuilder(command)
                    .redirectError(ProcessBuilder.Redirect.DISCARD)
                    .start();
            final String output = new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
            process.waitFor();
            return output;
        } catch (final IOException e) {
            throw new UncheckedIOException("cannot run " + String.join(" ", command), e);
        } catch (final InterruptedException e) {
            Thread.currentThread().interrupt();
            throw new IllegalStateException("interrupted while this ran: " + String.join(" ", command), e);
        }
    }
}
