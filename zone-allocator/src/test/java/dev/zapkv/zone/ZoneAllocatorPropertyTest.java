/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.zone;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import dev.zapkv.zone.ZoneAllocator.Reserve;
import java.lang.foreign.Arena;
import java.util.Random;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// Two streams append at random to a device that delays, reorders and fails appends, and takes zones away,
/// while an exact model of the zones' shares follows: capacity, reserve, promises to the host, and the
/// device's limits.
class ZoneAllocatorPropertyTest {
    private static final int BLOCK = 4096;
    private static final int ZONE_BLOCKS = 6;
    private static final int CAPACITY = ZONE_BLOCKS * BLOCK;
    private static final int ZONES = 16;
    private static final int MAX_BLOCKS = 4;
    private static final int STEPS = 4_000;
    private static final int DEATHS = 4;
    private static final int NOBODY = -1;

    @ParameterizedTest
    @CsvSource({
        "3, 0, 1",
        "3, 3, 2",
        "0, 3, 3",
        "4, 3, 4",
        "4, 4, 5",
        "5, 6, 6",
        "14, 16, 7",
        "0, 0, 8",
        "0, 0, 9",
        "3, 3, 10",
        "3, 3, 11",
        "4, 5, 12"
    })
    void shouldKeepItsPromisesAndTheDevicesLimits(final int maxOpen, final int maxActive, final long seed) {
        try (Run run = new Run(maxOpen, maxActive, seed)) {
            run.steps();
            run.drain();
        }
    }

    private static final class Run implements CompletionHandler, AutoCloseable {
        private final int maxOpen;
        private final int maxActive;
        private final Random random;
        private final SimMedia media;
        private final SimZoneDevice device;
        private final ZoneTable table;
        private final ZoneAllocator allocator;
        private final int reserve;
        private final Arena arena = Arena.ofConfined();
        private final IoBuffer buffer;
        private final String context;

        // The model.
        private final int[] written = new int[ZONES];
        private final int[] inFlight = new int[ZONES];
        private final int[] current = {NOBODY, NOBODY};
        private int free = ZONES - ZoneAllocator.FIRST_DATA_ZONE;
        private int reserved;
        private int promised;
        private int deaths;
        private int step;
        private int appends;
        private int failures;
        private int busy;
        private int resets;

        Run(final int maxOpen, final int maxActive, final long seed) {
            this.maxOpen = maxOpen;
            this.maxActive = maxActive;
            random = new Random(seed);
            reserve = random.nextInt(3);
            media = new SimMedia(
                    new ZoneGeometry(BLOCK, 8 * BLOCK, CAPACITY, ZONES, maxOpen, maxActive, MAX_BLOCKS * BLOCK));
            device = new SimZoneDevice(
                    media,
                    SimOptions.DEFAULT.withDelayPollsMax(1 + random.nextInt(6)).withAppendFailures(1, 25),
                    new Random(seed + 1));
            table = new ZoneTable(media.geometry());
            allocator = new ZoneAllocator(device, table, ZONES, reserve, 0);
            buffer = device.register(arena.allocate((long) MAX_BLOCKS * BLOCK, BLOCK));
            context = "maxOpen=" + maxOpen + " maxActive=" + maxActive + " seed=" + seed + " step=";
            // Metadata's.
            device.open(0);
        }

        private boolean limited() {
            return maxOpen != 0 || maxActive != 0;
        }

        private String at() {
            return context + step;
        }

        void steps() {
            for (step = 0; step < STEPS; step++) {
                final int dice = random.nextInt(100);
                if (dice < 10) {
                    prepare(random.nextInt(4));
                } else if (dice < 50) {
                    append(Stream.HOST);
                } else if (dice < 65) {
                    append(Stream.GC);
                } else if (dice < 85) {
                    device.poll(this);
                } else if (dice < 99) {
                    resetOne();
                } else {
                    fail();
                }
                check();
            }
            assertTrue(
                    appends > STEPS / 20 && failures > 0 && resets > 20,
                    () -> at() + " did too little: " + appends + " appends, " + failures + " failures, " + resets
                            + " resets");
            // Two streams and a left zone need three: with fewer there was waiting.
            assertTrue(!limited() || ZoneAllocator.openLimit(media.geometry()) > 3 || busy > 0, this::at);
        }

        private void prepare(final int zonesAhead) {
            allocator.prepare((long) zonesAhead * CAPACITY);
            while (free > 0 && (reserved < reserve || promised < Math.max(1, zonesAhead))) {
                free--;
                if (reserved < reserve) {
                    reserved++;
                } else {
                    promised++;
                }
            }
        }

        private void append(final Stream stream) {
            final int length = (1 + random.nextInt(MAX_BLOCKS)) * BLOCK;
            final boolean mayUseReserve = stream == Stream.GC;
            final int own = stream == Stream.HOST ? 0 : 1;
            final int zone = allocator.take(stream, length, mayUseReserve ? Reserve.ALL : Reserve.NONE);
            final boolean fits = current[own] != NOBODY && written[current[own]] + length <= CAPACITY;
            if (fits) {
                assertEquals(current[own], zone, this::at);
            } else {
                current[own] = NOBODY;
            }
            if (zone == ZoneAllocator.BUSY) {
                busy++;
                assertTrue(limited(), this::at);
                assertTrue(device.inFlight() > 0, () -> at() + " busy, and nothing will ever change that");
                return;
            }
            if (zone == ZoneAllocator.NONE) {
                assertEquals(0, mayUseReserve ? reserved + promised : promised, this::at);
                return;
            }
            if (!fits) {
                assertEquals(0, written[zone], () -> at() + " zone " + zone + " was not empty");
                if (mayUseReserve && reserved > 0) {
                    reserved--;
                } else {
                    assertTrue(promised > 0, () -> at() + " took a zone of the reserve");
                    promised--;
                }
                current[own] = zone;
            }
            written[zone] += length;
            inFlight[zone]++;
            appends++;
            while (!device.append(zone, buffer, 0, length, IoAttributes.NONE, zone)) {
                device.poll(this);
            }
        }

        @Override
        public void onResult(final long token, final long result, final int honoured) {
            final int zone = (int) token;
            inFlight[zone]--;
            allocator.completed(zone);
            if (result < 0) {
                failures++;
                assertTrue(
                        result == -DeviceException.EIO || result == -DeviceException.EROFS,
                        () -> at() + " zone " + zone + " errno " + -result);
                for (int stream = 0; stream < current.length; stream++) {
                    if (current[stream] == zone) {
                        current[stream] = NOBODY;
                    }
                }
                allocator.abandon(zone);
            }
        }

        private void resetOne() {
            final int first = random.nextInt(ZONES);
            for (int i = 0; i < ZONES; i++) {
                final int zone = (first + i) % ZONES;
                if (allocator.collectable(zone)) {
                    final boolean dead = isDead(device.report(zone).state());
                    allocator.reset(zone);
                    written[zone] = 0;
                    free += dead ? 0 : 1;
                    resets++;
                    return;
                }
            }
        }

        private void fail() {
            final int zone = random.nextInt(ZONES);
            final ZoneState state = random.nextBoolean() ? ZoneState.READ_ONLY : ZoneState.OFFLINE;
            if (written[zone] > 0
                    && deaths < DEATHS
                    && !isDead(device.report(zone).state())) {
                deaths++;
                media.fail(zone, state);
            }
        }

        private void check() {
            int open = 0;
            int active = 0;
            int tableOpen = 0;
            for (int zone = 0; zone < ZONES; zone++) {
                final ZoneState state = device.report(zone).state();
                open += state == ZoneState.OPEN ? 1 : 0;
                active += state == ZoneState.OPEN || state == ZoneState.CLOSED ? 1 : 0;
                assertEquals(written[zone], table.written(zone), this::at);
                assertTrue(written[zone] <= CAPACITY, this::at);
                if (zone >= ZoneAllocator.FIRST_DATA_ZONE && table.state(zone) == ZoneState.OPEN) {
                    tableOpen++;
                    final int z = zone;
                    assertTrue(
                            inFlight[zone] > 0 || current[0] == zone || current[1] == zone,
                            () -> at() + " zone " + z + " is left open by everybody");
                }
            }
            final int openNow = open;
            final int activeNow = active;
            assertTrue(maxOpen == 0 || open <= maxOpen, () -> at() + " open " + openNow);
            assertTrue(maxActive == 0 || active <= maxActive, () -> at() + " active " + activeNow);
            assertTrue(!limited() || tableOpen < ZoneAllocator.openLimit(media.geometry()), this::at);
            assertEquals(free + reserved + promised, allocator.emptyZones(), this::at);
            final int length = BLOCK * MAX_BLOCKS;
            final int inOpenZone = current[0] == NOBODY ? 0 : (CAPACITY - written[current[0]]) / length;
            assertEquals(inOpenZone + promised * (CAPACITY / length), allocator.hostRoom(length), this::at);
        }

        /// Everything promised to the host can be taken, however the open limit makes it wait.
        void drain() {
            final int length = MAX_BLOCKS * BLOCK;
            for (long room = allocator.hostRoom(length); room > 0; room--) {
                int zone = allocator.take(Stream.HOST, length, Reserve.NONE);
                while (zone == ZoneAllocator.BUSY) {
                    assertTrue(device.poll(this) > 0 || device.inFlight() > 0, this::at);
                    zone = allocator.take(Stream.HOST, length, Reserve.NONE);
                }
                assertTrue(zone >= ZoneAllocator.FIRST_DATA_ZONE, () -> at() + " a promise was not kept");
                allocator.completed(zone);
            }
            while (device.inFlight() > 0) {
                device.poll(this);
            }
            for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < ZONES; zone++) {
                assertEquals(0, inFlight[zone], this::at);
            }
        }

        private static boolean isDead(final ZoneState state) {
            return state == ZoneState.READ_ONLY || state == ZoneState.OFFLINE;
        }

        @Override
        public void close() {
            device.close();
            buffer.close();
            arena.close();
        }
    }
}
