/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Ownership;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;

/// Messages for a user without permission: what is missing on this kernel, and how to get it.
final class NodePermission {
    private static final int UNPRIVILEGED_MAJOR = 6;
    private static final int UNPRIVILEGED_MINOR = 2;

    private NodePermission() {}

    /// The node could not be opened.
    static DeviceException openRefused(final Path node, final int errno) {
        return new DeviceException(
                "no permission to open " + node + " (" + Errno.describe(errno) + ", " + owner(node) + "): "
                        + advice(node),
                DeviceException.EACCES);
    }

    /// The node could be opened, but commands are refused.
    static DeviceException commandsRefused(final Path node, final int errno) {
        return new DeviceException(
                node + " refuses commands (" + Errno.describe(errno) + "): " + advice(node), DeviceException.EACCES);
    }

    private static String advice(final Path node) {
        return advice(node, System.getProperty("os.version", ""));
    }

    static String advice(final Path node, final String release) {
        if (!atLeast(release, UNPRIVILEGED_MAJOR, UNPRIVILEGED_MINOR)) {
            return "Linux " + release + " takes NVMe passthrough only from processes with CAP_SYS_ADMIN (before "
                    + UNPRIVILEGED_MAJOR + "." + UNPRIVILEGED_MINOR + "): run as root or with that capability";
        }
        return Ownership.advice(
                node,
                "give your group the node with a udev rule such as SUBSYSTEM==\"nvme-generic\", KERNEL==\""
                        + node.getFileName() + "\", GROUP=\"disk\", MODE=\"0660\"");
    }

    private static String owner(final Path node) {
        try {
            final PosixFileAttributes attributes = Files.readAttributes(node, PosixFileAttributes.class);
            return "owner " + attributes.owner().getName() + ", group "
                    + attributes.group().getName() + ", mode "
                    + PosixFilePermissions.toString(attributes.permissions());
        } catch (final IOException e) {
            return "its owner and mode cannot be read";
        }
    }

    /// Whether a kernel release such as {@code 6.12.1-amd64} is a version or later; true if it cannot be read.
    static boolean atLeast(final String release, final int major, final int minor) {
        final String[] parts = release.split("[^0-9]+", 3);
        if (parts.length < 2 || parts[0].isEmpty() || parts[1].isEmpty()) {
            return true;
        }
        final int first = Integer.parseInt(parts[0]);
        return first > major || (first == major && Integer.parseInt(parts[1]) >= minor);
    }
}
