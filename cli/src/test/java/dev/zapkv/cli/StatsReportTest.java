/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertInstanceOf;

import dev.zapkv.Finding;
import dev.zapkv.RecoveryReport;
import dev.zapkv.ScrubStats;
import dev.zapkv.StoreStats;
import dev.zapkv.WritePaths;
import dev.zapkv.ZoneLoss;
import dev.zapkv.io.DeviceCounters;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;

final class StatsReportTest {
    private static final long MIB = 1 << 20;

    private static final Finding DAMAGE = new Finding(
            Finding.Kind.BLOCK,
            true,
            4,
            4096,
            8192,
            9,
            1,
            List.of("key".getBytes(StandardCharsets.UTF_8)),
            "a checksum does not hold",
            "restore it");

    @Test
    void shouldGroupFiguresForPeople() {
        assertEquals("""
                /data/store
                  keys                 2,000,000
                  live                 1.9 GiB  (76.0 % of what is written)
                  garbage              617.6 MiB
                  zones in use         2.5 GiB  (62.5 % of the capacity)
                  capacity             4.0 GiB

                memory
                  budget               256.0 MiB
                  index                37.2 MiB  (19.5 bytes per key)
                  cache                128.0 MiB
                  staging              64.0 MiB  in /dev/shm/zapkv-4711

                since opening
                  puts, deletes        12, 3
                  gets                 7  (5 from the device)
                  written by user      1000 B
                  appended             4.0 KiB for writers, 0 B relocated, 8.0 KiB metadata, 16.0 KiB checkpoints
                  write amplification  12.29
                  zones collected      1
                  flushes              2
                  write stalls         0

                device
                  asynchronous I/O     io_uring
                  device appends       7 of 4.0 KiB on average; 28.0 KiB in place, 0 B copied
                  reordered            3  (completed behind a higher address; at most 2 in flight on a zone)
                  values               2.0 MiB put in place, 100 B through staging
                  slowest append       1234 us
                  scrubbed             30 zones, 30.0 MiB
                  DAMAGED              zone 4 offset 4096, block 9: a checksum does not hold
                  LOST                 zone 7 is offline: 1,234 entries, 5.0 MiB
                  LOST                 zone 9 is offline: what it held, not known how much
                  last opening         clean
                """, StatsReport.format("/data/store", stats(2_000_000, 4096 * MIB, 1000)));
    }

    @Test
    void shouldNotDivideByNothing() {
        final StoreStats empty = new StoreStats(
                0,
                0,
                0,
                -1,
                0,
                0,
                0,
                0,
                "memory",
                MIB,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                0,
                "",
                0,
                "threads",
                DeviceCounters.NONE,
                WritePaths.NONE,
                ScrubStats.NONE,
                List.of(),
                RecoveryReport.NONE,
                "new");
        assertEquals("""
                x
                  keys                 0
                  live                 0 B
                  garbage              0 B
                  zones in use         0 B
                  capacity             unbounded: grows as long as its file system has room
                """, StatsReport.format("x", empty).split("\n\n", 2)[0] + "\n");
    }

    @Test
    void shouldWriteExactFiguresForPrograms() throws Exception {
        final ByteArrayOutputStream out = new ByteArrayOutputStream();
        JsonReport.write(out, fields -> StatsReport.writeJson(stats(2_000_000, -1, 1000), fields));
        final Map<String, Object> json = Json.object(out.toString(StandardCharsets.UTF_8));
        assertEquals(StoreStats.class.getRecordComponents().length + 1, json.size());
        assertEquals(2_000_000L, json.get("keys"));
        assertEquals(-1L, json.get("capacity_bytes"));
        assertEquals(19.5, json.get("index_bytes_per_key"));
        assertEquals(12.288, json.get("write_amplification"));
        assertEquals("/dev/shm/zapkv-4711", json.get("staging_location"));
        assertEquals("io_uring", json.get("asynchronous_io"));
        assertEquals(
                List.of(
                        Map.of("zone", 7L, "keys", 1234L, "bytes", 5 * MIB),
                        Map.of("zone", 9L, "keys", -1L, "bytes", -1L)),
                json.get("losses"));
        final Map<?, ?> scrub = (Map<?, ?>) json.get("scrub");
        assertEquals(1L, scrub.get("damaged"));
        final Map<?, ?> damage = (Map<?, ?>) ((List<?>) scrub.get("damage")).getFirst();
        assertEquals(4L, damage.get("zone"));
        assertEquals(List.of("a2V5"), damage.get("names64"));
        final Map<?, ?> opening = assertInstanceOf(Map.class, json.get("opening"));
        assertEquals(RecoveryReport.class.getRecordComponents().length, opening.size());
        assertEquals(350_000_000L, opening.get("checkpoint_ns"));
        assertEquals(2L, opening.get("blocks_behind_gap"));
        assertEquals("clean", json.get("recovery"));
    }

    private static StoreStats stats(final long keys, final long capacityBytes, final long userBytes) {
        return new StoreStats(
                keys,
                2_051_000_000L,
                647_600_000L,
                capacityBytes,
                2560 * MIB,
                39_000_000,
                64 * MIB,
                128 * MIB,
                "/dev/shm/zapkv-4711",
                256 * MIB,
                userBytes,
                4096,
                0,
                8192,
                16_384,
                12.288,
                12,
                3,
                7,
                5,
                0,
                1,
                1,
                "",
                2,
                "io_uring",
                new DeviceCounters(7, 28_672, 28_672, 0, 3, 2),
                new WritePaths(100, 2 * MIB, 0, 0, 1_234_567),
                new ScrubStats(2, 30, 30 * MIB, 1, List.of(DAMAGE)),
                List.of(new ZoneLoss(7, 1234, 5 * MIB), new ZoneLoss(9, ZoneLoss.UNKNOWN, ZoneLoss.UNKNOWN)),
                new RecoveryReport(
                        false,
                        4,
                        2_000_000,
                        350_000_000,
                        500_000_000,
                        450_000_000,
                        100_000_000,
                        1_450_000_000,
                        152 * MIB,
                        1024 * MIB,
                        8000,
                        6_900_000,
                        1000,
                        1,
                        2,
                        3,
                        4,
                        5,
                        6),
                "clean");
    }
}
