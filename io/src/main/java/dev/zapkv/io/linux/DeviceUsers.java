/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.linux;

import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// Finds out who uses a device or file, for messages. What the process may not see is not found.
public final class DeviceUsers {
    private static final Path PROC = Path.of("/proc");
    private static final int MOST = 8;

    private DeviceUsers() {}

    /// Names mounts, stacked devices and processes that use a block device.
    public static String ofBlockDevice(final Path node, final FileStatus status) {
        final List<String> users = new ArrayList<>();
        for (final Mount mount : Mount.all()) {
            if (mount.source().startsWith("/") && isSame(Path.of(mount.source()), status)) {
                users.add("mounted at " + mount.mountPoint());
            }
        }
        for (final Path holder : list(Path.of("/sys/dev/block", status.node().toString(), "holders"))) {
            users.add("part of " + holder.getFileName());
        }
        addProcesses(node, users);
        return describe(users);
    }

    /// Names processes that have a file open.
    public static String ofFile(final Path file) {
        final List<String> users = new ArrayList<>();
        addProcesses(file, users);
        return describe(users);
    }

    private static boolean isSame(final Path source, final FileStatus status) {
        if (!Files.exists(source)) {
            return false;
        }
        final FileStatus other = FileStatus.of(source);
        return other.isBlockDevice() && other.node().equals(status.node());
    }

    private static void addProcesses(final Path file, final List<String> users) {
        final long self = ProcessHandle.current().pid();
        for (final Path process : list(PROC)) {
            final String pid = process.getFileName().toString();
            if (!pid.matches("\\d+") || users.size() >= MOST) {
                continue;
            }
            for (final Path descriptor : list(process.resolve("fd"))) {
                if (pointsTo(descriptor, file)) {
                    final String name = new SysfsDirectory(process).text("comm", "?");
                    users.add("open in process " + pid + " (" + name
                            + (pid.equals(Long.toString(self)) ? ", this one)" : ")"));
                    break;
                }
            }
        }
    }

    private static boolean pointsTo(final Path descriptor, final Path file) {
        try {
            return Files.readSymbolicLink(descriptor).equals(file);
        } catch (final IOException e) {
            return false; // closed meanwhile
        }
    }

    private static List<Path> list(final Path directory) {
        final List<Path> entries = new ArrayList<>();
        try (DirectoryStream<Path> stream = Files.newDirectoryStream(directory)) {
            stream.forEach(entries::add);
        } catch (final IOException | java.nio.file.DirectoryIteratorException e) {
            return entries; // another user's process, or one that ended
        }
        return entries;
    }

    private static String describe(final List<String> users) {
        return users.isEmpty() ? "by a user that this process may not see (look as root)" : String.join(", ", users);
    }
}
