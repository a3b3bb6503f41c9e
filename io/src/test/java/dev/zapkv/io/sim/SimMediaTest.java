/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sim;

import static dev.zapkv.io.TestGeometries.BLOCK;
import static dev.zapkv.io.TestGeometries.ZONES;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.Completions;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.TestGeometries;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneState;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashSet;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;
import org.junit.jupiter.api.Test;

/// Crashes, failures and reproducibility of the simulated device.
final class SimMediaTest {
    private static RandomGenerator random(final long seed) {
        return RandomGeneratorFactory.of("L64X128MixRandom").create(seed);
    }

    /// Appends two-block records filled with their token; every third durable; flushes after the first 20.
    private static Map<Long, Long> write(final ZoneDevice device, final Completions completions, final Arena arena) {
        final MemorySegment memory = arena.allocate(64L * 2 * BLOCK, BLOCK);
        final IoBuffer buffer = device.register(memory);
        final Map<Long, Long> addresses = new TreeMap<>();
        for (int token = 1; token <= 40; token++) {
            memory.asSlice(token * 2L * BLOCK, 2 * BLOCK).fill((byte) token);
            final int attributes = token % 3 == 0 ? IoAttributes.DURABLE : IoAttributes.NONE;
            assertTrue(device.append(token % 3, buffer, token * 2L * BLOCK, 2 * BLOCK, attributes, token));
            if (token == 20) {
                completions.drain(device);
                assertTrue(device.flush(1000));
                completions.drain(device);
            }
        }
        completions.drain(device);
        completions.results.forEach((token, result) -> {
            if (token < 1000 && result >= 0) {
                addresses.put(token, result);
            }
        });
        return addresses;
    }

    private static int survivingBlocks(final ZoneDevice device, final long address, final long token) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment read = arena.allocate(2L * BLOCK);
            device.readSync(address, read, 0, 2 * BLOCK);
            int blocks = 0;
            for (int block = 0; block < 2; block++) {
                final byte first = read.get(ValueLayout.JAVA_BYTE, (long) block * BLOCK);
                assertTrue(first == 0 || first == (byte) token, "invented data for token " + token);
                blocks += first == (byte) token ? 1 : 0;
            }
            return blocks;
        }
    }

    @Test
    void shouldKeepEverythingReportedWhenTheProcessDies() {
        final SimMedia media = new SimMedia(TestGeometries.small());
        try (Arena arena = Arena.ofShared()) {
            final Map<Long, Long> addresses =
                    write(new SimZoneDevice(media, SimOptions.DEFAULT, random(1)), new Completions(), arena);
            final SimMedia survivor = media.crash(SimCrash.PROCESS, random(2));
            assertEquals(media.volatileAppendCount(), survivor.volatileAppendCount());
            try (ZoneDevice device = new SimZoneDevice(survivor, SimOptions.DEFAULT, random(3))) {
                addresses.forEach((token, address) -> assertEquals(2, survivingBlocks(device, address, token)));
            }
        }
    }

    @Test
    void shouldLoseOnlyWhatWasNeitherFlushedNorDurableWhenPowerFails() {
        final Set<Integer> outcomes = new HashSet<>();
        for (long seed = 0; seed < 50; seed++) {
            final SimMedia media = new SimMedia(TestGeometries.small());
            try (Arena arena = Arena.ofShared()) {
                final Map<Long, Long> addresses =
                        write(new SimZoneDevice(media, SimOptions.DEFAULT, random(seed)), new Completions(), arena);
                final SimMedia survivor = media.crash(SimCrash.POWER, random(seed + 1000));
                assertEquals(0, survivor.volatileAppendCount());
                try (ZoneDevice device = new SimZoneDevice(survivor, SimOptions.DEFAULT, random(seed))) {
                    for (final Map.Entry<Long, Long> append : addresses.entrySet()) {
                        final long token = append.getKey();
                        final int blocks = survivingBlocks(device, append.getValue(), token);
                        if (token <= 20 || token % 3 == 0) {
                            assertEquals(2, blocks, "seed=" + seed + " token=" + token);
                            final int zone = device.geometry().zoneOf(append.getValue());
                            assertTrue(
                                    device.report(zone).writePointer()
                                            >= device.geometry().offsetOf(append.getValue()) + 2 * BLOCK,
                                    "seed=" + seed + " token=" + token);
                        } else {
                            outcomes.add(blocks);
                        }
                    }
                }
            }
        }
        assertEquals(Set.of(0, 1, 2), outcomes, "lost, torn and whole appends should all occur");
    }

    @Test
    void shouldFailAppendsInTheGivenRatioAndGoOn() {
        final SimMedia media = new SimMedia(TestGeometries.small());
        final SimOptions options = SimOptions.DEFAULT.withAppendFailures(1, 3);
        final Completions completions = new Completions();
        try (Arena arena = Arena.ofShared();
                ZoneDevice device = new SimZoneDevice(media, options, random(7))) {
            final Map<Long, Long> addresses = write(device, completions, arena);
            final long failed = completions.results.values().stream()
                    .filter(result -> result == -DeviceException.EIO)
                    .count();
            assertTrue(failed > 3 && failed < 30, "failed=" + failed);
            assertEquals(completions.results.keySet(), completions.released);
            addresses.forEach((token, address) -> assertEquals(2, survivingBlocks(device, address, token)));
            assertEquals(new HashSet<>(addresses.values()).size(), addresses.size());
        }
    }

    @Test
    void shouldRepeatItselfUnderOneSeed() {
        assertEquals(trace(11), trace(11));
        assertNotEquals(trace(11), trace(12));
    }

    private static String trace(final long seed) {
        final Completions completions = new Completions();
        try (Arena arena = Arena.ofShared();
                ZoneDevice device = new SimZoneDevice(
                        new SimMedia(TestGeometries.small()),
                        SimOptions.DEFAULT.withAppendFailures(1, 10),
                        random(seed))) {
            write(device, completions, arena);
        }
        return completions.order + " " + completions.results;
    }

    @Test
    void shouldAssignAddressesInAnotherOrderThanTheCommands() {
        final Completions completions = new Completions();
        try (Arena arena = Arena.ofShared();
                ZoneDevice device =
                        new SimZoneDevice(new SimMedia(TestGeometries.small()), SimOptions.DEFAULT, random(5))) {
            write(device, completions, arena);
        }
        assertTrue(completions.result(3) > completions.result(6) || completions.result(6) > completions.result(9));
    }

    @Test
    void shouldKeepFinishedZonesFullAndDropReleasedBytes() {
        final SimMedia media = new SimMedia(TestGeometries.small());
        try (Arena arena = Arena.ofShared()) {
            final SimZoneDevice device = new SimZoneDevice(media, SimOptions.DEFAULT, random(1));
            write(device, new Completions(), arena);
            device.finish(0);
            device.reset(1);
            device.release(1);
            final SimMedia survivor = media.crash(SimCrash.POWER, random(2));
            try (ZoneDevice again = new SimZoneDevice(survivor, SimOptions.DEFAULT, random(3))) {
                assertEquals(ZoneState.FULL, again.report(0).state());
                assertEquals(ZoneState.EMPTY, again.report(1).state());
                for (int zone = 3; zone < ZONES; zone++) {
                    assertEquals(ZoneState.EMPTY, again.report(zone).state());
                }
                final MemorySegment read = arena.allocate(BLOCK).fill((byte) 1);
                again.readSync(again.geometry().address(1, 0), read, 0, BLOCK);
                assertEquals(0, read.get(ValueLayout.JAVA_BYTE, 0));
            }
        }
    }

    @Test
    void shouldRefuseASecondDeviceOnTheSameMedia() {
        final SimMedia media = new SimMedia(TestGeometries.small());
        final SimZoneDevice device = new SimZoneDevice(media, SimOptions.DEFAULT, random(1));
        assertThrows(IllegalStateException.class, () -> new SimZoneDevice(media, SimOptions.DEFAULT, random(1)));
        device.close();
        new SimZoneDevice(media, SimOptions.DEFAULT, random(1)).close();
    }
}
