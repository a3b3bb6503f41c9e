/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.linux;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.attribute.PosixFileAttributes;
import java.nio.file.attribute.PosixFilePermissions;

/// Says whose a file is, for messages about permissions.
public final class Ownership {
    private Ownership() {}

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
