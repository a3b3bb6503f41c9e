/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
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

    /// Empties the first two zones of a drive, the conventional ones if it has some, which hold the metadata of a
    /// store.
    static void eraseMetadata(final String store) throws IOException {
        final String path = store.substring(store.indexOf(':') + 1);
        if (path.equals(zonefs())) {
            output("truncate", "-s", "0", path + "/seq/0", path + "/seq/1");
            return;
        }
        final String node = block(path);
        final Path zone = Path.of("/sys/block", Path.of(node).getFileName().toString(), "queue/chunk_sectors");
        final long sectors = Long.parseLong(Files.readString(zone).strip());
        if (path.equals(nullBlock())) {
            output("dd", "if=/dev/zero", "of=" + node, "bs=" + sectors * 512, "count=2", "oflag=direct");
        } else {
            output("blkzone", "reset", "-o", "0", "-l", String.valueOf(2 * sectors), node);
        }
    }

    /// What a program prints, on both streams.
    static String output(final String... command) throws IOException {
        final Process process =
                new ProcessBuilder(command).redirectErrorStream(true).start();
        return new String(process.getInputStream().readAllBytes(), StandardCharsets.UTF_8);
    }

    private static String drive(final String variable) {
        return Objects.requireNonNull(System.getenv(variable), variable + " names no drive: see docs/zns-vm.md");
    }
}
