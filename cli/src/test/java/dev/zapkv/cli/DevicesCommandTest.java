/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.ConfigurationException;
import dev.zapkv.DriveSummary;
import dev.zapkv.Location;
import dev.zapkv.io.Capabilities;
import dev.zapkv.io.ZoneGeometry;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class DevicesCommandTest {
    private static final DriveSummary DRIVE = new DriveSummary(
            new ZoneGeometry(4096, 64 << 20, 62 << 20, 128, 14, 16, 128 << 10),
            new Capabilities(
                    "nvme",
                    true,
                    true,
                    "io_uring passthrough",
                    List.of(new Capabilities.Capability("fixed-buffers", "no", "zone report", "plain buffers"))),
            3,
            5 << 20,
            1,
            0,
            false,
            true,
            "");

    @TempDir
    private Path machine;

    @Test
    void shouldFindEveryKindOfDriveAndSayWhyOneCannotBeLookedAt() throws IOException {
        final List<DeviceReport> found = search().run();
        assertEquals(
                List.of(
                        "nvme:" + machine.resolve("dev/ng0n1"),
                        "zbd:" + machine.resolve("dev/nvme0n1"),
                        "zonefs:/mnt/two zones",
                        Path.of("").toAbsolutePath().toString()),
                found.stream().map(device -> device.location().toString()).toList());
        assertTrue(found.getFirst().format().contains("128 of 62.0 MiB, 64.0 MiB apart, in blocks of 4096"));
        assertTrue(found.getFirst().format().contains("3 zones, 5.0 MiB, a ZapKV store; 1 failed"));
        assertTrue(found.getFirst().format().contains("no  (zone report); instead: plain buffers"));
        assertEquals(
                "zbd:" + machine.resolve("dev/nvme0n1") + "\n  not usable: permission denied\n"
                        + "  seen in sysfs: zone model host-managed, zones 128, zone size 64.0 MiB\n\n",
                found.get(1).format());
    }

    @Test
    void shouldWriteTheSameForPrograms() throws IOException {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        for (final DeviceReport device : search().run().subList(0, 2)) {
            JsonReport.write(out, fields -> {
                fields.writeFieldName("device");
                device.writeJson(fields);
            });
        }
        final String[] lines = out.toString(StandardCharsets.UTF_8).split("\n", 3);
        assertTrue(lines[0].contains("\"max_open\":14") && lines[0].contains("\"usable\":true"), lines[0]);
        final Map<String, Object> refused = Json.object(lines[1] + '\n');
        assertEquals(1, refused.size());
        assertTrue(lines[1].contains("\"reason\":\"permission denied\""), lines[1]);
        assertTrue(
                lines[1].contains(
                        "\"seen\":{\"zone_model\":\"host-managed\",\"zones\":128,\"zone_size_bytes\":67108864}"),
                lines[1]);
        assertFalse(lines[1].contains("zones_in_use"), lines[1]);
    }

    private DeviceSearch search() throws IOException {
        Files.createDirectories(machine.resolve("dev"));
        for (final String node : List.of("ng0n1", "nvme0", "ngx", "sda")) {
            Files.writeString(machine.resolve("dev/" + node), "");
        }
        for (final String model : List.of("nvme0n1 host-managed", "sda none")) {
            final String[] words = model.split(" ", 2);
            final Path queue = Files.createDirectories(machine.resolve("block/" + words[0] + "/queue"));
            Files.writeString(queue.resolve("zoned"), words[1] + "\n");
            Files.writeString(queue.resolve("nr_zones"), "128\n");
            Files.writeString(queue.resolve("chunk_sectors"), "131072\n");
        }
        final Path mounts = Files.writeString(
                machine.resolve("mounts"),
                "/dev/sda / ext4 rw 0 0\n/dev/nullb0 /mnt/two\\040zones zonefs rw,errors=repair 0 0\n");
        return new DeviceSearch(machine.resolve("dev"), machine.resolve("block"), mounts, location -> {
            if (location.kind() == Location.Kind.ZBD) {
                throw new ConfigurationException("permission denied");
            }
            return DRIVE;
        });
    }
}
