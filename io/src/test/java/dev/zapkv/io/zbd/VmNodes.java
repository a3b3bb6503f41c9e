/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zbd;

import java.util.ArrayList;
import java.util.List;

/// Zoned block devices whose data may be lost.
final class VmNodes {
    private VmNodes() {}

    /// What the environment names, else those of the virtual machine: 4 KiB blocks and wide limits, 512-byte blocks
    /// and tight limits, and null_blk with conventional zones if there is one.
    static List<String> zoned() {
        final String named = System.getenv("ZAPKV_VM_ZBD");
        if (named != null) {
            return List.of(named.split(",", -1));
        }
        final List<String> nodes = new ArrayList<>(List.of("/dev/nvme0n1", "/dev/nvme1n1"));
        final String nullBlock = System.getenv("ZNS_VM_NULL_BLK");
        if (nullBlock != null) {
            nodes.add(nullBlock);
        }
        return nodes;
    }
}
