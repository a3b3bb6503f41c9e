/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.io.IOException;
import java.util.List;
import java.util.Objects;

/// The drives of the virtual machine that the tests of this process may erase, from its environment.
final class TestDrives {
    private TestDrives() {}

    /// A zoned NVMe namespace with blocks of 4 KiB.
    static String nvme() {
        return drive("ZAPKV_VM_NVME");
    }

    /// Another one, with narrow limits.
    static String small() {
        return drive("ZAPKV_VM_NVME_SMALL");
    }

    /// A zoned null_blk.
    static String nullBlock() {
        return drive("ZNS_VM_NULL_BLK");
    }

    /// A mounted zonefs.
    static String zonefs() {
        return drive("ZNS_VM_ZONEFS");
    }

    /// A namespace without zones.
    static String ordinary() {
        return drive("ZAPKV_VM_ORDINARY");
    }

    /// A zoned namespace with metadata bytes.
    static String metadata() {
        return drive("ZAPKV_VM_METADATA");
    }

    /// The block device of a passthrough node.
    static String block(final String node) {
        return node.replace("/dev/ng", "/dev/nvme");
    }

    /// Zones that are not empty, of every drive, as the drives themselves say.
    static String zonesInUse() throws IOException {
        final StringBuilder report = new StringBuilder();
        for (final String drive : List.of(block(nvme()), block(small()), nullBlock(), block(metadata()))) {
            report.append(output("blkzone", "report", drive)
                    .lines()
                    .filter(line -> !line.contains("zcond: 1(em)"))
                    .toList());
        }
        return report.toString();
    }

    /// What a program prints, on both streams.
    static String output(final String... command) throws IOException {
        final Process process =
                new ProcessBuilder(command).redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), java.nio.charset.StandardCharsets.UTF_8);
    }

    private static String drive(final String variable) {
        return Objects.requireNonNull(System.getenv(variable), variable + " names no drive: see docs/zns-vm.md");
    }
}
