/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.linux.Errno;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.NoSuchFileException;
import java.nio.file.Path;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// The node a caller named, told apart from everything that is not the character device of a namespace, and what
/// belongs to it. Opens nothing.
///
/// @param node      as given
/// @param block     node of the namespace's block device, which may be missing
/// @param blockInfo the block device's directory in sysfs, which may be missing
/// @param inode     of the node
record NodePath(Path node, Path block, Path blockInfo, long inode) {
    private static final int MODE_MASK = 0xF000;
    private static final int MODE_CHARACTER = 0x2000;
    private static final int MODE_BLOCK = 0x6000;
    private static final int GENERIC_MAJOR = 5;
    private static final int GENERIC_MINOR = 13;
    private static final Pattern BLOCK_NAME = Pattern.compile("nvme(\\d+n\\d+)(p\\d+)?");
    private static final Pattern GENERIC_NAME = Pattern.compile("ng(\\d+n\\d+)");
    private static final Pattern CONTROLLER_NAME = Pattern.compile("nvme\\d+");

    /// @throws DeviceException that says what the path is instead, and what to give
    static NodePath inspect(final Path node) {
        return inspect(node, Path.of("/sys"));
    }

    static NodePath inspect(final Path node, final Path sysfs) {
        final Map<String, Object> attributes = attributes(node);
        final int type = (int) attributes.get("mode") & MODE_MASK;
        final Path fileName = node.getFileName();
        final String name = fileName == null ? "" : fileName.toString();
        if (type == MODE_BLOCK) {
            throw blockDevice(node, name);
        }
        if (type != MODE_CHARACTER) {
            throw refused(node, "is no device", "give the node of a zoned namespace, such as /dev/ng0n1");
        }
        final String kernelName = kernelName(sysfs, (long) attributes.get("rdev"), name);
        if (CONTROLLER_NAME.matcher(kernelName).matches()) {
            throw refused(
                    node,
                    "is the node of an NVMe controller, not of a namespace",
                    "give a namespace's node, such as /dev/ng" + kernelName.substring("nvme".length()) + "n1");
        }
        final Matcher generic = GENERIC_NAME.matcher(kernelName);
        if (!generic.matches()) {
            throw refused(
                    node, "is no node of an NVMe namespace", "give the node of a zoned namespace, such as /dev/ng0n1");
        }
        final String blockName = "nvme" + generic.group(1);
        return new NodePath(
                node, node.resolveSibling(blockName), sysfs.resolve("block").resolve(blockName), (long)
                        attributes.get("ino"));
    }

    private static Map<String, Object> attributes(final Path node) {
        try {
            return Files.readAttributes(node, "unix:mode,rdev,ino");
        } catch (final NoSuchFileException e) {
            throw new DeviceException(absent(node, System.getProperty("os.version", "")), DeviceException.ENOENT, e);
        } catch (final IOException e) {
            throw new DeviceException(node + " cannot be looked at: " + e, DeviceException.EACCES, e);
        } catch (final UnsupportedOperationException e) {
            throw new DeviceException("NVMe passthrough needs Linux", Errno.EOPNOTSUPP, e);
        }
    }

    /// Says why there may be no such node.
    ///
    /// @param release of the kernel
    static String absent(final Path node, final String release) {
        return node + " does not exist: "
                + (NodePermission.atLeast(release, GENERIC_MAJOR, GENERIC_MINOR)
                        ? "check the name; zapkv devices lists what there is"
                        : "Linux " + release + " is too old for passthrough, whose nodes came with " + GENERIC_MAJOR
                                + "." + GENERIC_MINOR + ": use the block device, as zbd:/dev/nvme0n1");
    }

    private static DeviceException blockDevice(final Path node, final String name) {
        final Matcher matcher = BLOCK_NAME.matcher(name);
        if (!matcher.matches()) {
            return refused(
                    node, "is a block device, not the passthrough node of a namespace", "use zbd:" + node + " for it");
        }
        return refused(
                node,
                "is a block device; passthrough needs the namespace's character device",
                "use nvme:" + node.resolveSibling("ng" + matcher.group(1)) + ", or zbd:" + node);
    }

    /// The name the kernel gave a device, whatever its node is called; the node's own where sysfs is not mounted.
    private static String kernelName(final Path sysfs, final long rdev, final String name) {
        final long major = (rdev >>> 8 & 0xFFF) | (rdev >>> 32 & ~0xFFFL);
        final long minor = (rdev & 0xFF) | (rdev >>> 12 & 0xFFFFFF00L);
        final Path link = sysfs.resolve("dev/char/" + major + ":" + minor);
        try {
            return link.toRealPath().getFileName().toString();
        } catch (final IOException e) {
            return name;
        }
    }

    private static DeviceException refused(final Path node, final String what, final String advice) {
        return new DeviceException(node + " " + what + ": " + advice, Errno.ENOTTY);
    }
}
