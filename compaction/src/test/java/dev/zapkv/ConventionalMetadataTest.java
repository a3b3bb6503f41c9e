/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.ConventionalZones;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ForwardingZoneDevice;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// A drive with conventional zones keeps the metadata there, and nothing that goes wrong while an image is overwritten
/// costs the newest one.
class ConventionalMetadataTest {
    private static final int BLOCK = 4096;
    private static final int ZONE = 256 << 10;
    private static final int ZONES = 24;
    private static final int KEYS = 200;
    private static final int VALUE = 2000;

    @TempDir
    private Path directory;

    private SimMedia media = media(3);
    private long version;

    private static SimMedia media(final int conventional) {
        return media(conventional, ZONE);
    }

    private static SimMedia media(final int conventional, final int zone) {
        return new SimMedia(new ZoneGeometry(BLOCK, zone, zone, ZONES, 3, 3, 64 << 10), conventional);
    }

    private SimZoneDevice device() {
        return new SimZoneDevice(media, SimOptions.DEFAULT, new Random(1));
    }

    private Context context(final ZoneDevice device) {
        return new Context()
                .device(device)
                .threaded(false)
                .createIfMissing(false)
                .blockBytes(64 << 10)
                .memoryBytes(32 << 20)
                .stagingDirectory(directory);
    }

    private ZapKv open() {
        return ZapKv.open(context(device()));
    }

    private void live(final ZapKv store) {
        check(store);
        for (int key = 0; key < KEYS; key++) {
            store.put(TestData.key(key), TestData.value(key, version + 1, VALUE));
        }
        version++;
        store.flush();
    }

    private void check(final ZapKv store) {
        assertEquals(version == 0 ? 0 : KEYS, store.count());
        for (int key = 0; version > 0 && key < KEYS; key++) {
            assertArrayEquals(TestData.value(key, version, VALUE), store.get(TestData.key(key)), "key " + key);
        }
    }

    /// A device whose conventional zones break off some writes.
    private static final class Breaking extends ForwardingZoneDevice implements ConventionalZones {
        private final ConventionalZones zones;
        private int breakNext;
        private int blocksLeft;
        private long lastPlace;

        Breaking(final SimZoneDevice device) {
            super(device);
            zones = device.conventional().orElseThrow();
        }

        @Override
        public Optional<ConventionalZones> conventional() {
            return Optional.of(this);
        }

        @Override
        public int count() {
            return zones.count();
        }

        @Override
        public long capacity() {
            return zones.capacity();
        }

        @Override
        public void read(final int zone, final long offset, final MemorySegment target, final int length) {
            zones.read(zone, offset, target, length);
        }

        @Override
        public void write(final int zone, final long offset, final MemorySegment source, final int length) {
            final long place = (long) zone << 32 | offset;
            if (breakNext > 0) {
                breakNext--;
                assertTrue(place != lastPlace, "the newest image would have been overwritten");
                if (blocksLeft > 0) {
                    zones.write(zone, offset, source, Math.min(length, blocksLeft * BLOCK));
                } else {
                    // Half of the first block, and then other bytes.
                    try (Arena arena = Arena.ofConfined()) {
                        final MemorySegment torn = arena.allocate(BLOCK, BLOCK);
                        torn.fill((byte) 0x5A);
                        torn.asSlice(0, 512).copyFrom(source.asSlice(0, 512));
                        zones.write(zone, offset, torn, BLOCK);
                    }
                }
                throw new DeviceException("broken off", DeviceException.EIO);
            }
            zones.write(zone, offset, source, length);
            lastPlace = place;
        }
    }

    @Test
    void shouldKeepMetadataInConventionalZonesAndLeaveZones0And1Alone() {
        ZapKv.format(context(device()), false);
        for (int life = 0; life < 60; life++) {
            try (ZapKv store = open()) {
                live(store);
                for (final ZoneReport zone : store.zones()) {
                    assertFalse(zone.stream().equals("metadata"), zone.toString());
                }
                assertEquals("EMPTY", store.zones().getFirst().state());
                assertTrue(store.stats().metadataBytes() > 0);
            }
        }
        try (SimZoneDevice device = device()) {
            assertEquals(ZoneState.EMPTY, device.report(0).state());
            assertEquals(ZoneState.EMPTY, device.report(1).state());
        }
    }

    @Test
    void shouldWriteTheImageElsewhereWhenAWriteFails() {
        ZapKv.format(context(device()), false);
        for (int life = 0; life < 20; life++) {
            final Breaking device = new Breaking(device());
            try (ZapKv store = ZapKv.open(context(device))) {
                live(store);
                device.blocksLeft = life % 2;
                device.breakNext = 1 + life % 3;
                store.collect(0);
                live(store);
                store.checkpoint();
            }
        }
        try (ZapKv store = open()) {
            check(store);
        }
    }

    @Test
    void shouldOpenFromTheNewestWholeImageWhenWritesFailForGood() {
        ZapKv.format(context(device()), false);
        for (int life = 0; life < 6; life++) {
            final Breaking device = new Breaking(device());
            final ZapKv store = ZapKv.open(context(device));
            live(store);
            device.blocksLeft = life % 2;
            device.breakNext = Integer.MAX_VALUE;
            final ZapKvException refused = assertThrows(ZapKvException.class, store::close);
            assertTrue(refused.getMessage().contains("clean end"), refused.getMessage());
            try (ZapKv reopened = open()) {
                check(reopened);
            }
        }
    }

    @Test
    void shouldRefuseAStoreMadeOnAnotherRangeAndLeaveItAsItIs() {
        // Without the conventional zones first.
        ZapKv.format(context(new Without(device())), false);
        try (ZapKv store = ZapKv.open(context(new Without(device())))) {
            live(store);
        }
        final FormatException with = assertThrows(FormatException.class, this::open);
        assertTrue(with.getMessage().contains("without the drive's conventional zones"), with.getMessage());
        try (ZapKv store = ZapKv.open(context(new Without(device())))) {
            check(store);
        }
        assertThrows(FormatException.class, () -> ZapKv.format(context(device()), false));
        // Then with them.
        media = media(3);
        ZapKv.format(context(device()), true);
        version = 0;
        try (ZapKv store = open()) {
            live(store);
        }
        final FormatException without =
                assertThrows(FormatException.class, () -> ZapKv.open(context(new Without(device()))));
        assertTrue(without.getMessage().contains("there is no store"), without.getMessage());
        try (ZapKv store = open()) {
            check(store);
        }
        // And over it without them again: whoever opens it with them is told.
        ZapKv.format(context(new Without(device())), true);
        final FormatException both = assertThrows(FormatException.class, this::open);
        assertTrue(both.getMessage().contains("which that store does not use, is not empty"), both.getMessage());
    }

    /// The same zones without the conventional ones.
    private static final class Without extends ForwardingZoneDevice {
        Without(final ZoneDevice device) {
            super(device);
        }

        @Override
        public Optional<ConventionalZones> conventional() {
            return Optional.empty();
        }
    }

    @Test
    void shouldAskBeforeItErasesWhatLiesInConventionalZones() {
        try (SimZoneDevice device = device();
                Arena arena = Arena.ofConfined()) {
            final MemorySegment foreign = arena.allocate(BLOCK, BLOCK).fill((byte) 7);
            device.conventional().orElseThrow().write(1, 0, foreign, BLOCK);
        }
        final FormatException kept = assertThrows(FormatException.class, () -> ZapKv.format(context(device()), false));
        assertTrue(kept.getMessage().contains("conventional zones hold something"), kept.getMessage());
        assertThrows(FormatException.class, this::open);
        ZapKv.format(context(device()), true);
        try (ZapKv store = open()) {
            live(store);
        }
        final FormatException store = assertThrows(FormatException.class, () -> ZapKv.format(context(device()), false));
        assertTrue(store.getMessage().contains("a store among them"), store.getMessage());
    }

    @Test
    void shouldForgetTheStoreBeforeWhenFormatting() {
        ZapKv.format(context(device()), false);
        for (int life = 0; life < 30; life++) {
            try (ZapKv store = open()) {
                live(store);
            }
        }
        ZapKv.format(context(device()), true);
        try (ZapKv store = open()) {
            assertEquals(0, store.count());
            assertNull(store.get(TestData.key(1)));
        }
    }

    @Test
    void shouldSayThatTheOtherZonesHaveLostTheirStates() {
        ZapKv.format(context(device()), false);
        try (ZapKv store = open()) {
            live(store);
        }
        try (SimZoneDevice device = device()) {
            for (int zone = 0; zone < ZONES; zone++) {
                device.reset(zone); // leaves the bytes readable
            }
        }
        final FormatException refused = assertThrows(FormatException.class, this::open);
        assertTrue(refused.getMessage().contains("has lost its zone states"), refused.getMessage());
        // A store whose zones were emptied in the course of things is opened.
        ZapKv.format(context(device()), true);
        version = 0;
        try (ZapKv store = open()) {
            live(store);
            for (int key = 0; key < KEYS; key++) {
                store.delete(TestData.key(key));
            }
            store.flush();
            store.collect(0);
            store.collect(0);
        }
        try (ZapKv store = open()) {
            assertEquals(0, store.count());
        }
    }

    @Test
    void shouldUseZones0And1WhereOneConventionalZoneIsNotEnough() {
        media = media(1);
        ZapKv.format(context(device()), false);
        try (ZapKv store = open()) {
            live(store);
            assertTrue(store.zones().stream().anyMatch(zone -> zone.stream().equals("metadata")));
        }
        try (ZapKv store = open()) {
            check(store);
        }
    }

    private VerifyReport verify() {
        try (ZapKv store = ZapKv.open(context(device()).readOnly(true))) {
            return store.verify(VerifyOptions.DEFAULT, VerifyListener.SILENT);
        }
    }

    /// Changes a byte in a conventional zone, as a damaged disk may.
    private void damage(final int zone, final long offset) {
        try (SimZoneDevice device = device();
                Arena arena = Arena.ofConfined()) {
            final ConventionalZones zones = device.conventional().orElseThrow();
            final MemorySegment block = arena.allocate(BLOCK, BLOCK);
            final long start = offset / BLOCK * BLOCK;
            zones.read(zone, start, block, BLOCK);
            final long at = offset - start;
            block.set(ValueLayout.JAVA_BYTE, at, (byte) ~block.get(ValueLayout.JAVA_BYTE, at));
            zones.write(zone, start, block, BLOCK);
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {5, 150, BLOCK - 1})
    void shouldFindDamagedImagesWhenVerifying(final int at) {
        // Four places in each of the two zones.
        media = media(3, 4 << 20);
        ZapKv.format(context(device()), false);
        for (int life = 0; life < 10; life++) {
            try (ZapKv store = open()) {
                live(store);
            }
        }
        final VerifyReport whole = verify();
        assertEquals(List.of(), whole.findings());
        assertEquals(8, whole.metadataBlocks());

        int certain = 0;
        for (int place = 0; place < 8; place++) {
            final long start = (place / 2) * (1L << 20);
            damage(place % 2, start + at);
            final VerifyReport report = verify();
            assertEquals(1, report.findings().size(), report::toString);
            final Finding finding = report.findings().getFirst();
            assertEquals(Finding.Kind.METADATA, finding.kind());
            assertTrue(finding.text().contains("conventional zone " + place % 2 + " offset " + start), finding.text());
            certain += finding.damage() ? 1 : 0;
            damage(place % 2, start + at);
        }
        // Where the next image goes a crash may have left anything. And it looks so if the newest image is damaged.
        assertEquals(at == BLOCK - 1 ? 7 : 6, certain);
        assertEquals(List.of(), verify().findings());
    }
}
