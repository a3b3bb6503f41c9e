/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.ConventionalZones;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.zbd.ZbdZoneDevice;
import dev.zapkv.io.zonefs.ZonefsZoneDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Objects;
import java.util.stream.Stream;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Metadata in the conventional zones of real drives: {@code ZAPKV_VM_CONVENTIONAL} names them, separated by commas.
@Tag("vm")
class DriveConventionalVmTest {
    private static final int LIVES = 12;
    private static final int KEYS = 200;
    private static final int VALUE = 3000;

    static Stream<Location> drives() {
        final String drives = Objects.requireNonNull(
                System.getenv("ZAPKV_VM_CONVENTIONAL"), "ZAPKV_VM_CONVENTIONAL names no drive: see docs/zns-vm.md");
        return Stream.of(drives.split(",", -1)).map(Location::parse);
    }

    private static Context context(final Location location) {
        return new Context().location(location).memoryBytes(32 << 20);
    }

    private static ZoneDevice device(final Location location, final ZoneRange range) {
        return location.kind() == Location.Kind.ZBD
                ? ZbdZoneDevice.open(location.path(), range, AsyncIo.AUTO)
                : ZonefsZoneDevice.open(location.path(), range, AsyncIo.AUTO);
    }

    @ParameterizedTest
    @MethodSource("drives")
    void shouldOverwriteConventionalZonesInPlace(final Location location) {
        try (ZoneDevice device = device(location, ZoneRange.ALL);
                Arena arena = Arena.ofConfined()) {
            final ConventionalZones zones = device.conventional().orElseThrow();
            final int block = device.geometry().blockSize();
            final int length = 4 * block;
            final MemorySegment written = arena.allocate(length, block);
            final MemorySegment read = arena.allocate(length, block);
            assertTrue(zones.count() >= 2, "zones " + zones.count());
            for (int turn = 1; turn <= 3; turn++) {
                for (int zone = 0; zone < 2; zone++) {
                    for (final long offset : new long[] {0, 1 << 20, zones.capacity() - length}) {
                        written.fill((byte) (turn * 31 + zone * 7 + offset / block));
                        zones.write(zone, offset, written, length);
                        zones.read(zone, offset, read, length);
                        assertEquals(-1, written.mismatch(read), location + " zone " + zone + " offset " + offset);
                    }
                }
            }
            // The other zone was not touched by the last write.
            zones.read(0, 0, read, length);
            assertNotEquals(written.get(ValueLayout.JAVA_BYTE, 0), read.get(ValueLayout.JAVA_BYTE, 0));
        }
    }

    @ParameterizedTest
    @MethodSource("drives")
    void shouldKeepMetadataThere(final Location location) {
        ZapKv.format(context(location), true);
        final DriveSummary summary = ZapKv.examine(context(location));
        assertEquals(2, summary.conventionalZones());
        assertTrue(summary.conventionalInUse() && summary.holdsStore(), summary.toString());
        assertThrows(FormatException.class, () -> ZapKv.format(context(location), false));
        long metadata = 0;
        for (int life = 1; life <= LIVES; life++) {
            try (ZapKv store = ZapKv.open(context(location))) {
                assertEquals(life == 1 ? 0 : KEYS, store.count());
                for (int key = 0; key < KEYS; key++) {
                    if (life > 1) {
                        assertArrayEquals(TestData.value(key, life - 1, VALUE), store.get(TestData.key(key)));
                    }
                    store.put(TestData.key(key), TestData.value(key, life, VALUE));
                }
                store.flush();
                metadata += store.stats().metadataBytes();
                for (final ZoneReport zone : store.zones()) {
                    assertNotEquals("metadata", zone.stream(), zone.toString());
                }
            }
        }
        assertTrue(metadata > 0);
        try (ZoneDevice device = device(location, ZoneRange.ALL)) {
            for (int zone = 0; zone < 2; zone++) {
                assertEquals(0, device.report(zone).writePointer(), location + " zone " + zone);
            }
        }
        // Fewer zones, and with them no conventional ones: nothing is taken for this store.
        final ZoneRange sequential = location.kind() == Location.Kind.ZBD ? new ZoneRange(4, 24) : new ZoneRange(0, 24);
        final FormatException refused = assertThrows(
                FormatException.class, () -> ZapKv.open(context(location).zones(sequential)));
        assertTrue(refused.getMessage().contains("there is no store"), refused.getMessage());
        try (ZapKv store = ZapKv.open(context(location))) {
            assertEquals(KEYS, store.count());
        }
        System.out.println(location + ": " + metadata + " bytes of metadata");
    }
}
