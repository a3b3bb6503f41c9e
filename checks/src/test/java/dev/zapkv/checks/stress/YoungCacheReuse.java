/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.stress;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.log.YoungCache;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// A reader copies from the block that gives way next, while the agent adds the block that overwrites it: it finds the
/// block's bytes, or notices.
@JCStressTest
@State
@Outcome(id = "1, (0|1)", expect = Expect.ACCEPTABLE, desc = "found, or gone")
@Outcome(expect = Expect.FORBIDDEN, desc = "another block was taken for this one")
public class YoungCacheReuse {
    private static final int RING = 2 << 20;
    private static final int BLOCK = 64 << 10;
    private static final int BLOCKS_IN_RING = RING / BLOCK;
    private static final ZoneGeometry GEOMETRY = new ZoneGeometry(4096, 1 << 20, 1 << 20, 8, 0, 0, BLOCK);
    private static final int BLOCKS_IN_ZONE = (1 << 20) / BLOCK;
    private static final YoungCache CACHE = new YoungCache(GEOMETRY, RING, () -> RING);
    private static final MemorySegment SOURCE = Arena.global().allocate(BLOCK, 4096);

    private static volatile long added;

    private static long address(final long number) {
        final int zone = (int) (number / BLOCKS_IN_ZONE % GEOMETRY.zoneCount());
        return GEOMETRY.address(zone, number % BLOCKS_IN_ZONE * BLOCK);
    }

    /// The agent; zones are emptied before they are used again.
    @Actor
    public void add(final II_Result result) {
        final long number = added;
        if (number % BLOCKS_IN_ZONE == 0) {
            CACHE.forget(GEOMETRY.zoneOf(address(number)));
        }
        for (int at = 0; at < BLOCK; at += 4096) {
            SOURCE.set(LittleEndian.LONG, at, address(number));
        }
        CACHE.add(address(number), SOURCE, 0, BLOCK);
        added = number + 1;
        result.r1 = 1;
    }

    /// A reader.
    @Actor
    public void read(final II_Result result) {
        final long number = added - BLOCKS_IN_RING;
        final long address = address(Math.max(0, number));
        final long place = CACHE.find(address);
        if (place == YoungCache.ABSENT) {
            return;
        }
        final long from = CACHE.offsetOf(place, address);
        boolean found = true;
        for (int at = 0; at < BLOCK; at += 4096) {
            found &= CACHE.memory().get(LittleEndian.LONG, from + at) == address;
        }
        result.r2 = !CACHE.stillHolds(place) ? 0 : found ? 1 : -1;
    }
}
