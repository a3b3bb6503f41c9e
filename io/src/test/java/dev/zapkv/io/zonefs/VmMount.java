/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zonefs;

import static org.junit.jupiter.api.Assertions.assertNotNull;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.linux.Errno;
import java.nio.file.Path;

/// A mounted zonefs whose data may be lost.
final class VmMount {
    private VmMount() {}

    /// Where it is mounted. A test that asks for it elsewhere fails.
    static Path path() {
        final String named = System.getenv("ZAPKV_VM_ZONEFS");
        final String mount = named == null ? System.getenv("ZNS_VM_ZONEFS") : named;
        assertNotNull(mount, "ZAPKV_VM_ZONEFS names no mounted zonefs: run this test by tools/zns-vm test --zonefs");
        return Path.of(mount);
    }

    /// Whether the kernel can do without io_uring on zonefs.
    static boolean takesSynchronousWrites() {
        try {
            ZonefsZoneDevice.open(path(), ZoneRange.ALL, AsyncIo.THREADS).close();
            return true;
        } catch (final DeviceException e) {
            if (e.errno() != Errno.EOPNOTSUPP) {
                throw e;
            }
            return false;
        }
    }
}
