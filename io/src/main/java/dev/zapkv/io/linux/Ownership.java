/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermission;
import java.nio.file.attribute.PosixFilePermissions;
import java.util.EnumSet;
import java.util.Set;

/// Says whose a file is, for messages about permissions.
public final class Ownership {
    private static final Set<PosixFilePermission> GROUP =
            EnumSet.of(PosixFilePermission.GROUP_READ, PosixFilePermission.GROUP_WRITE);

    private Ownership() {}

    /// How to get the permission to read and write a node: through its group, where that has it.
    ///
    /// @param otherwise what to do where the group has no permission either
    public static String advice(final Path path, final String otherwise) {
        try {
            final PosixFileAttributes attributes = Files.readAttributes(path, PosixFileAttributes.class);
            if (attributes.permissions().containsAll(GROUP)) {
                return "become a member of the group " + attributes.group().getName() + ", or root";
            }
        } catch (final IOException e) {
            return "become root, or " + otherwise + " (its owner cannot be seen: " + e + ")";
        }
        return "become root, or " + otherwise;
    }

    /// Owner, group and mode.
    public static String describe(final Path path) {
        try {
            final PosixFileAttributes attributes = Files.readAttributes(path, PosixFileAttributes.class);
            return "owned by user " + attributes.owner().getName() + " and group "
                    + attributes.group().getName() + " with mode "
                    + PosixFilePermissions.toString(attributes.permissions());
        } catch (final IOException e) {
            return "of an owner that cannot be seen (" + e + ")";
        }
    }
}
