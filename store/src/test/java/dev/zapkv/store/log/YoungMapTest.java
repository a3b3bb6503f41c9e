/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import static org.junit.jupiter.api.Assertions.assertEquals;

import dev.zapkv.io.ZoneGeometry;
import org.junit.jupiter.api.Test;

class YoungMapTest {
    private static final ZoneGeometry GEOMETRY = new ZoneGeometry(4096, 1 << 20, 1 << 20, 8, 0, 0, 1 << 17);

    private final YoungMap map = new YoungMap(GEOMETRY, 4);

    @Test
    void shouldFindTheSlotOfEveryAddressOfABlock() {
        final long address = GEOMETRY.address(3, 8192);
        map.add(2, address, 12_288);
        assertEquals(-1, map.slotOf(address - 1));
        assertEquals(2, map.slotOf(address));
        assertEquals(2, map.slotOf(address + 12_287));
        assertEquals(-1, map.slotOf(address + 12_288));
        assertEquals(address, map.addressOf(2));
        map.remove(2, 12_288);
        assertEquals(-1, map.slotOf(address));
    }

    @Test
    void shouldForgetTheBlocksOfAnEmptiedZoneButNotItsNextOnes() {
        final long address = GEOMETRY.address(3, 0);
        map.add(0, address, 8192);
        map.add(1, GEOMETRY.address(4, 0), 8192);
        map.forget(3);
        assertEquals(-1, map.slotOf(address));
        assertEquals(1, map.slotOf(GEOMETRY.address(4, 0)));
        map.add(2, address, 4096);
        // The old block leaves staging after the zone was reused.
        map.remove(0, 8192);
        assertEquals(2, map.slotOf(address));
        assertEquals(-1, map.slotOf(address + 4096));
        map.remove(2, 4096);
        assertEquals(-1, map.slotOf(address));
        map.forget(3);
        map.forget(5);
    }
}
