/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zonefs;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.FileStatus;
import dev.zapkv.io.linux.FileSystemStatus;
import dev.zapkv.io.linux.Mount;
import dev.zapkv.io.linux.SysfsDirectory;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;

/// A mounted zonefs, looked at without opening any of its files.
///
/// @param path      the mount point, without symbolic links
/// @param mount     its line in the table of mounts
/// @param blockSize smallest write
/// @param zones     number of sequential files
/// @param disk      directory of the drive in sysfs
/// @param limits    directory of the file system in sysfs
record ZonefsMount(Path path, Mount mount, int blockSize, int zones, SysfsDirectory disk, SysfsDirectory limits) {
    static final String REPAIR = "repair";

    private static final Path SYSFS = Path.of("/sys/dev/block");
    private static final Path LIMITS = Path.of("/sys/fs/zonefs");
    private static final String SEQUENTIAL = "seq";
    private static final String CONVENTIONAL = "cnv";
    private static final int BLOCK_MAX = 1 << 20;

    /// Looks at a mount point.
    ///
    /// @throws DeviceException if it is no writable zonefs that survives a write error
    static ZonefsMount of(final Path mountPoint) {
        final ZonefsMount mount = ofReadable(mountPoint);
        requireUsable(mount.mount());
        return mount;
    }

    /// Looks at a mount point that is to be read alone.
    ///
    /// @throws DeviceException if it is no zonefs
    static ZonefsMount ofReadable(final Path mountPoint) {
        final Path path = real(mountPoint);
        final FileSystemStatus status = FileSystemStatus.of(path);
        if (status.type() != FileSystemStatus.ZONEFS) {
            throw new DeviceException(
                    path + " is not on zonefs (its file system has type 0x" + Long.toHexString(status.type())
                            + ", expected 0x" + Long.toHexString(FileSystemStatus.ZONEFS)
                            + "): make one with mkzonefs, and mount it with -o errors=repair",
                    Errno.EINVAL);
        }
        final Mount mount = find(path, Mount.all());
        final FileStatus sequential = FileStatus.of(path.resolve(SEQUENTIAL));
        final long zones = sequential.size(); // a directory of zonefs is as long as it has files
        final long block = status.blockSize();
        if (zones < 1 || zones > Integer.MAX_VALUE || block < 512 || block > BLOCK_MAX || Long.bitCount(block) != 1) {
            throw new DeviceException(
                    path + " describes itself in a way that cannot be: " + zones + " sequential files, blocks of "
                            + block + " bytes",
                    Errno.EIO);
        }
        final Path disk = real(SYSFS.resolve(sequential.fileSystem().toString()));
        return new ZonefsMount(
                path,
                mount,
                (int) block,
                (int) zones,
                new SysfsDirectory(disk),
                new SysfsDirectory(LIMITS.resolve(disk.getFileName().toString())));
    }

    private static Path real(final Path path) {
        try {
            return path.toRealPath();
        } catch (final IOException e) {
            throw new DeviceException("there is no " + path + " (" + e + "): check the name", Errno.ENOENT, e);
        }
    }

    /// The mount that lies topmost at a path.
    static Mount find(final Path path, final List<Mount> mounts) {
        Mount found = null;
        for (final Mount mount : mounts) {
            if (mount.type().equals("zonefs") && mount.mountPoint().equals(path.toString())) {
                found = mount;
            }
        }
        if (found == null) {
            throw new DeviceException(
                    path + " lies in a zonefs but is not where it is mounted: give the mount point", Errno.EINVAL);
        }
        return found;
    }

    /// Refuses mounts that cannot be written, or that one failed write makes unusable.
    static void requireUsable(final Mount mount) {
        if (mount.options().contains("ro")) {
            throw new DeviceException(
                    mount.mountPoint() + " is mounted read-only (perhaps after a write error, see the kernel's log): "
                            + remount(mount),
                    Errno.EROFS);
        }
        final String errors = errors(mount);
        if (!errors.equals(REPAIR) && !errors.equals("zone-ro")) {
            throw new DeviceException(
                    mount.mountPoint() + " is mounted with errors=" + errors + ", with which one failed write "
                            + (errors.equals("zone-offline") ? "loses a zone's data" : "stops all writing") + ": "
                            + remount(mount),
                    Errno.EINVAL);
        }
    }

    private static String remount(final Mount mount) {
        return "mount -o remount,rw,errors=repair " + mount.mountPoint();
    }

    static String errors(final Mount mount) {
        return mount.option("errors", "remount-ro");
    }

    /// Number of conventional files. With the mount's option {@code aggr_cnv} there is one for all zones.
    int conventionalFiles() {
        final Path directory = path.resolve(CONVENTIONAL);
        // As long as it has files, as the other one.
        return Files.isDirectory(directory) ? (int) FileStatus.of(directory).size() : 0;
    }

    /// A conventional file.
    ///
    /// @param index its number
    Path conventionalFile(final int index) {
        return path.resolve(CONVENTIONAL).resolve(Integer.toString(index));
    }

    /// A sequential file.
    ///
    /// @param index its number
    Path file(final int index) {
        return path.resolve(SEQUENTIAL).resolve(Integer.toString(index));
    }
}
