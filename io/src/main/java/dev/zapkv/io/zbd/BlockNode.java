/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zbd;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.command.Descriptor;
import dev.zapkv.io.linux.DeviceUsers;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.FileStatus;
import dev.zapkv.io.linux.Libc;
import dev.zapkv.io.linux.Ownership;
import dev.zapkv.io.linux.SysfsDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// A block device node, looked at without opening it and then claimed. Nothing is written.
///
/// @param path   where it lies, without symbolic links
/// @param status what it is
/// @param disk   its directory in sysfs
record BlockNode(Path path, FileStatus status, SysfsDirectory disk) {
    private static final Path SYSFS = Path.of("/sys/dev/block");
    private static final Pattern PASSTHROUGH = Pattern.compile("ng(\\d+n\\d+)");

    /// Looks at a node.
    ///
    /// @throws DeviceException if it is not there, or no disk
    static BlockNode of(final Path node) {
        return of(node, SYSFS);
    }

    static BlockNode of(final Path node, final Path sysfs) {
        final Path path;
        try {
            path = node.toRealPath();
        } catch (final IOException e) {
            throw new DeviceException(
                    "there is no " + node + " (" + e + "): check the name, lsblk -z lists zoned block devices",
                    Errno.ENOENT,
                    e);
        }
        final FileStatus status = FileStatus.of(path);
        if (!status.isBlockDevice()) {
            throw notABlockDevice(path, status);
        }
        final SysfsDirectory disk =
                new SysfsDirectory(real(sysfs.resolve(status.node().toString())));
        if (disk.has("partition")) {
            throw new DeviceException(
                    path + " is a partition: give the whole disk, and a range of its zones", Errno.EINVAL);
        }
        return new BlockNode(path, status, disk);
    }

    private static Path real(final Path path) {
        try {
            return path.toRealPath();
        } catch (final IOException e) {
            return path; // no sysfs: every attribute is missing, and the device counts as not zoned
        }
    }

    static DeviceException notABlockDevice(final Path path, final FileStatus status) {
        final Matcher matcher = PASSTHROUGH.matcher(path.getFileName().toString());
        final String advice;
        if (status.isCharacterDevice() && matcher.matches()) {
            advice = "an NVMe passthrough node: give its block device " + path.resolveSibling("nvme" + matcher.group(1))
                    + ", or open it as nvme:" + path;
        } else if (status.isCharacterDevice()) {
            advice = "a character device: give the block device of the drive (lsblk -z)";
        } else if (Files.isDirectory(path)) {
            advice = "a directory: give the block device of the drive (lsblk -z), or open the directory itself";
        } else {
            advice = "a file: give the block device of the drive (lsblk -z)";
        }
        return new DeviceException(path + " is no block device but " + advice, Errno.EINVAL);
    }

    /// Its name in sysfs.
    String name() {
        return disk.path().getFileName().toString();
    }

    /// Attributes of its queue.
    SysfsDirectory queue() {
        return disk.directory("queue");
    }

    /// Refuses a device whose zones do not force sequential writes.
    void requireHostManaged() {
        final String model = queue().text("zoned", "none");
        switch (model) {
            case "host-managed" -> {}
            case "none" ->
                throw new DeviceException(
                        path + " is not zoned (" + queue().path() + "/zoned says none): make a file system on it and"
                                + " open a directory there",
                        Errno.EINVAL);
            case "host-aware" ->
                throw new DeviceException(
                        path + " is a host-aware drive, which takes writes anywhere and only prefers them in order; it"
                                + " is not driven by zones: make a file system on it and open a directory there",
                        Errno.EINVAL);
            default ->
                throw new DeviceException(
                        path + " is zoned in a way that is not known: " + queue().path() + "/zoned says '" + model
                                + "', expected host-managed",
                        Errno.EINVAL);
        }
    }

    /// Opens the node for nobody else: neither mounts and stacked devices nor others that claim it (O_EXCL), and
    /// under the lock that keeps device managers from looking at it meanwhile.
    ///
    /// @throws DeviceException saying who has it, or who may open it
    Descriptor claim() {
        final int fd = Libc.open(path.toString(), Libc.O_RDWR | Libc.O_EXCL | Libc.O_DIRECT | Libc.O_CLOEXEC, 0);
        if (fd < 0) {
            throw refused(-fd);
        }
        return new Descriptor(fd);
    }

    /// Opens the node to read it alone, beside others who do the same.
    ///
    /// @throws DeviceException saying who may open it
    Descriptor openToRead() {
        final int fd = Libc.open(path.toString(), Libc.O_RDONLY | Libc.O_DIRECT | Libc.O_CLOEXEC, 0);
        if (fd < 0) {
            throw refused(-fd);
        }
        return new Descriptor(fd);
    }

    private DeviceException refused(final int errno) {
        final String what = switch (errno) {
            case Errno.EBUSY ->
                path + " is in use: " + DeviceUsers.ofBlockDevice(path, status) + "; end that use, or choose another"
                        + " drive";
            case Errno.EACCES, Errno.EPERM ->
                "no permission to open " + path + " (" + Errno.describe(errno) + "): it is " + Ownership.describe(path)
                        + "; "
                        + Ownership.advice(
                                path,
                                "give your group the node with a udev rule such as SUBSYSTEM==\"block\", KERNEL==\""
                                        + path.getFileName() + "\", GROUP=\"disk\", MODE=\"0660\"");
            case Errno.EROFS -> path + " is read-only (blockdev --getro): make it writable";
            default -> "cannot open " + path + ": " + Errno.describe(errno);
        };
        return new DeviceException(what, errno);
    }
}
