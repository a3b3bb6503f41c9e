/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.linux;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.zapkv.checks.fuzz.FuzzTarget;
import java.util.List;

/// The kernel's table of mounts, in which anybody who mounts may name the places.
public final class MountTableTarget implements FuzzTarget {
    @Override
    public List<byte[]> seeds() {
        return List.of(
                "/dev/nvme0n1 /mnt/zones zonefs rw,relatime,explicit-open 0 0\n".getBytes(US_ASCII),
                "none /mnt/with\\040space tmpfs rw,errors=remount-ro\n\n/dev/x /\\011\\134 ext4 ro 0 0"
                        .getBytes(US_ASCII));
    }

    @Override
    public void run(final byte[] input) {
        for (final Mount mount : Mount.parse(new String(input, ISO_8859_1))) {
            mount.option("errors", "none");
            if (mount.mountPoint().length() > input.length) {
                throw new AssertionError(mount + " is longer than the table");
            }
        }
    }
}
