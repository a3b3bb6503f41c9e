/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zonefs;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.command.Descriptor;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.KernelRelease;
import dev.zapkv.io.linux.Libc;
import java.lang.foreign.Arena;
import java.util.List;

/// Finds out whether the kernel takes synchronous direct writes to zonefs. From 5.8 to 6.4 these take another way
/// through the kernel than asynchronous ones, and some stable kernels (Debian's 6.1.192) report them as failed
/// although the data was written. Only a device without io_uring needs them.
final class SyncWriteProbe {
    private static final String NAME = "synchronous-writes";

    private SyncWriteProbe() {}

    /// Writes a block to an empty zone and empties it again. Where that cannot be tried, the kernel's release decides.
    ///
    /// @param reason why io_uring is not used
    /// @throws DeviceException if such writes fail
    static Capability require(
            final ZonefsMount mount, final ZonefsFiles files, final List<ZoneInfo> zones, final String reason) {
        final KernelRelease kernel = KernelRelease.running();
        if (ZonefsMount.errors(mount.mount()).equals(ZonefsMount.REPAIR)) {
            for (final ZoneInfo zone : zones) {
                if (zone.state() == ZoneState.EMPTY) {
                    final int result = tryWrite(mount, files, zone.zone());
                    if (result == mount.blockSize()) {
                        return new Capability(NAME, "yes", "a block written to zone " + zone.zone() + " and reset", "");
                    }
                    if (result == -Errno.EIO) {
                        throw refused(mount, "fails them with EIO after writing the data", kernel, reason);
                    }
                    break; // a limit of open zones, or the like: nothing learned
                }
            }
        }
        if (isDoubtful(kernel)) {
            throw refused(mount, "may fail them, and there is no empty zone to try", kernel, reason);
        }
        return new Capability(NAME, "yes", "kernel " + kernel + " is not from 5.8 to 6.4", "");
    }

    static boolean isDoubtful(final KernelRelease kernel) {
        return kernel.isAtLeast(5, 8) && !kernel.isAtLeast(6, 5);
    }

    private static DeviceException refused(
            final ZonefsMount mount, final String what, final KernelRelease kernel, final String reason) {
        return new DeviceException(
                "zonefs at " + mount.path() + " cannot be written without io_uring (" + reason
                        + "): that takes synchronous direct writes, and kernel " + kernel + " " + what
                        + "; allow io_uring, or use another kernel",
                Errno.EOPNOTSUPP);
    }

    private static int tryWrite(final ZonefsMount mount, final ZonefsFiles files, final int zone) {
        final int block = mount.blockSize();
        try (Arena arena = Arena.ofConfined()) {
            final Descriptor writer = files.writer(zone);
            final int result =
                    (int) Libc.pwrite(writer.fd(), arena.allocate(block, block).address(), block, 0);
            files.reset(zone);
            return result;
        } catch (final DeviceException e) {
            return -e.errno();
        }
    }
}
