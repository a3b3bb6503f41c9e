/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.ZoneReport;
import java.io.ByteArrayOutputStream;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

final class ZoneOverviewTest {
    private static final long MIB = 1 << 20;
    private static final Paint PLAIN = new Paint(false);

    @Test
    void shouldDrawSumAndListFewZones() {
        assertEquals("""
                /data/store: 12 zones of 64.0 MiB: 3 open, 6 full, 1 empty, 1 read-only, 1 offline

                   0  ◆▸□░▒▓██▸· RX

                  · empty   ▸ open   ◆ metadata   R read-only   X offline
                  live share of what is written: □ nothing   ░ up to 25 %   ▒ 50 %   ▓ 75 %   █ 100 %

                  stream     zones     written        live     garbage
                  metadata       1     1.0 MiB           -           -
                  host           8   424.0 MiB   235.0 MiB   189.0 MiB  ███████████░░░░░░░░░ 55.4 % live
                  gc             2    72.0 MiB    72.0 MiB         0 B  ████████████████████ 100.0 % live
                  all data      10   496.0 MiB   307.0 MiB   189.0 MiB  ████████████░░░░░░░░ 61.9 % live
                  empty          1           -           -           -

                    zone  state      stream       written        live   live %  generation
                       0  open       metadata     1.0 MiB           -        -           3
                       1  open       host        40.0 MiB    30.0 MiB   75.0 %           3  ████████░░
                       2  full       host        64.0 MiB         0 B    0.0 %           3  ░░░░░░░░░░
                       3  full       host        64.0 MiB    16.0 MiB   25.0 %           3  ███░░░░░░░
                       4  full       host        64.0 MiB    32.0 MiB   50.0 %           3  █████░░░░░
                       5  full       host        64.0 MiB    48.0 MiB   75.0 %           3  ████████░░
                       6  full       host        64.0 MiB    49.0 MiB   76.6 %           3  ████████░░
                       7  full       gc          64.0 MiB    64.0 MiB  100.0 %           3  ██████████
                       8  open       gc           8.0 MiB     8.0 MiB  100.0 %           3  ██████████
                       9  empty      -                  -           -        -           3
                      10  read-only  host        64.0 MiB    60.0 MiB   93.8 %           3  █████████░
                      11  offline    host               -           -        -           3
                """, ZoneOverview.format("/data/store", mixed(), ZoneGlyphs.BLOCKS, PLAIN, 80, true));
    }

    @Test
    void shouldDoWithAscii() {
        final String text = ZoneOverview.format("/data/store", mixed(), ZoneGlyphs.ASCII, PLAIN, 80, true);
        assertTrue(StandardCharsets.US_ASCII.newEncoder().canEncode(text), text);
        assertTrue(text.contains("\n   0  M>0-=%##>. RX\n"), text);
        assertTrue(text.contains("0 nothing   - up to 25 %   = 50 %   % 75 %   # 100 %"), text);
        assertTrue(text.contains("  ###########......... 55.4 % live\n"), text);
    }

    @Test
    void shouldChooseGlyphsByWhatTheTerminalShows() {
        final ByteArrayOutputStream sink = new ByteArrayOutputStream();
        assertEquals(ZoneGlyphs.BLOCKS, ZoneGlyphs.of(new Cli().terminal(sink, sink)));
        assertEquals(
                ZoneGlyphs.ASCII,
                ZoneGlyphs.of(new Cli().charset(StandardCharsets.US_ASCII).terminal(sink, sink)));
        assertEquals(
                ZoneGlyphs.ASCII,
                ZoneGlyphs.of(new Cli().charset(StandardCharsets.ISO_8859_1).terminal(sink, sink)));
    }

    @Test
    void shouldWrapManyZonesToTheWidth() {
        final List<ZoneReport> zones = new ArrayList<>();
        for (int i = 0; i < 105; i++) {
            zones.add(zone(i, "FULL", "host", 64, i % 65));
        }
        final String map = new ZoneMap(ZoneGlyphs.ASCII, PLAIN, 60).draw(zones);
        assertEquals("""
                    0  0--------- -------=== ========== ===%%%%%%%
                   40  %%%%%%%%%# ########## #####0---- ----------
                   80  --======== ========%% %%%%%
                """, map);
        assertEquals(
                11, new ZoneMap(ZoneGlyphs.ASCII, PLAIN, 1).draw(zones).lines().count());
    }

    @Test
    void shouldColourByStreamAndNeighboursTogether() {
        final String map = new ZoneMap(ZoneGlyphs.ASCII, new Paint(true), 60).draw(mixed());
        assertEquals(
                "  \u001b[90m 0\u001b[0m  \u001b[35mM\u001b[0m\u001b[32m>0-=%#\u001b[0m\u001b[33m#>\u001b[0m"
                        + "\u001b[90m.\u001b[0m\u001b[1;31m RX\u001b[0m\n",
                map);
    }

    @Test
    void shouldDrawNoZones() {
        final String text = ZoneOverview.format("x", List.of(), ZoneGlyphs.ASCII, PLAIN, 80, true);
        assertTrue(text.startsWith("x: 0 zones\n"), text);
        assertFalse(text.contains("NaN"), text);
    }

    /// Zones of every state and every shade.
    private static List<ZoneReport> mixed() {
        return List.of(
                zone(0, "OPEN", "metadata", 1, 1),
                zone(1, "OPEN", "host", 40, 30),
                zone(2, "FULL", "host", 64, 0),
                zone(3, "FULL", "host", 64, 16),
                zone(4, "FULL", "host", 64, 32),
                zone(5, "FULL", "host", 64, 48),
                zone(6, "FULL", "host", 64, 49),
                zone(7, "FULL", "gc", 64, 64),
                zone(8, "OPEN", "gc", 8, 8),
                zone(9, "EMPTY", "none", 0, 0),
                zone(10, "READ_ONLY", "host", 64, 60),
                zone(11, "OFFLINE", "host", 0, 0));
    }

    private static ZoneReport zone(
            final int zone, final String state, final String stream, final long writtenMib, final long liveMib) {
        return new ZoneReport(zone, state, stream, 64 * MIB, writtenMib * MIB, liveMib * MIB, 3);
    }
}
