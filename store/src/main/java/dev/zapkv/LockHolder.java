/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Who holds the lock on a file, as the kernel says ({@code /proc/locks}); where it says nothing, as the file
/// does.
final class LockHolder {
    private static final Pattern LOCK = Pattern.compile("\\d+: POSIX +\\w+ +(READ|WRITE) +(\\d{1,9}) +[^ ]*:(\\d+) .*");
    private static final Path LOCKS = Path.of("/proc/locks");

    private final boolean writes;
    private final long process;

    private LockHolder(final boolean writes, final long process) {
        this.writes = writes;
        this.process = process;
    }

    /// {@code in process 42}, {@code read-only in process 42}.
    static String describe(final Path file) throws IOException {
        final long inode = (Long) Files.getAttribute(file, "unix:ino");
        final Optional<LockHolder> holder = readLocks().stream()
                .map(line -> parse(line, inode))
                .flatMap(Optional::stream)
                .findFirst();
        if (holder.isPresent()) {
            return (holder.get().writes ? "" : "read-only ") + "in process " + holder.get().process;
        }
        final String writer = Files.readString(file).strip();
        return writer.isEmpty() ? "in another process" : "in process " + writer;
    }

    private static List<String> readLocks() {
        try {
            return Files.readAllLines(LOCKS);
        } catch (final IOException e) {
            return List.of(); // not Linux, or hidden: the file itself may know
        }
    }

    /// A line such as {@code 7: POSIX  ADVISORY  WRITE 1234 fd:01:4711 0 EOF}.
    static Optional<LockHolder> parse(final String line, final long inode) {
        final Matcher matcher = LOCK.matcher(line);
        return matcher.matches() && matcher.group(3).equals(Long.toString(inode))
                ? Optional.of(new LockHolder(matcher.group(1).equals("WRITE"), Long.parseLong(matcher.group(2))))
                : Optional.empty();
    }
}
