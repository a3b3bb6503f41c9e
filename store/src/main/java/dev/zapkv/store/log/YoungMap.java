/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import dev.zapkv.io.ZoneGeometry;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// From device address to staging slot, for blocks that were appended and are still in staging. One int per logical
/// block of each zone that holds such a block.
///
/// *Threads.* The agent writes; readers of any thread look up and then validate the slot against {@link
/// StagingLog#stillHolds}.
public final class YoungMap {
    private static final long NO_ADDRESS = -1;

    private static final VarHandle TABLES = MethodHandles.arrayElementVarHandle(int[][].class);
    private static final VarHandle INTS = MethodHandles.arrayElementVarHandle(int[].class);
    private static final VarHandle LONGS = MethodHandles.arrayElementVarHandle(long[].class);

    private final ZoneGeometry geometry;
    private final int granuleShift;
    private final int granulesPerZone;
    // Per zone, then per logical block: slot + 1, or 0.
    private final int[][] slotsByZone;
    private final int[] blocksByZone;
    // Per slot: device address of its block; NO_ADDRESS once its zone was emptied.
    private final long[] addressOfSlot;

    /// A map for all zones of a device.
    public YoungMap(final ZoneGeometry geometry, final int slotCount) {
        this.geometry = geometry;
        granuleShift = Integer.numberOfTrailingZeros(geometry.blockSize());
        granulesPerZone = Math.toIntExact(geometry.zoneCapacity() >>> granuleShift);
        slotsByZone = new int[geometry.zoneCount()][];
        blocksByZone = new int[geometry.zoneCount()];
        addressOfSlot = new long[slotCount];
    }

    /// A block of a slot was appended. Agent; before the index points at the address.
    public void add(final int slot, final long address, final int length) {
        final int zone = geometry.zoneOf(address);
        int[] slots = slotsByZone[zone];
        if (slots == null) {
            slots = new int[granulesPerZone];
            TABLES.setRelease(slotsByZone, zone, slots);
        }
        blocksByZone[zone]++;
        LONGS.setRelease(addressOfSlot, slot, address);
        final int first = (int) (geometry.offsetOf(address) >>> granuleShift);
        final int last = first + (length >>> granuleShift);
        for (int granule = first; granule < last; granule++) {
            INTS.setRelease(slots, granule, slot + 1);
        }
    }

    /// A block leaves staging. Agent; before the slot is reused.
    public void remove(final int slot, final int length) {
        final long address = addressOfSlot[slot];
        if (address == NO_ADDRESS) {
            return;
        }
        final int zone = geometry.zoneOf(address);
        final int[] slots = slotsByZone[zone];
        final int first = (int) (geometry.offsetOf(address) >>> granuleShift);
        final int last = first + (length >>> granuleShift);
        for (int granule = first; granule < last; granule++) {
            if (slots[granule] == slot + 1) {
                INTS.setRelease(slots, granule, 0);
            }
        }
        if (--blocksByZone[zone] == 0) {
            TABLES.setRelease(slotsByZone, zone, null);
        }
    }

    /// A zone was emptied: other blocks will get the addresses of those that lay in it. Agent; before the zone is
    /// appended to again.
    public void forget(final int zone) {
        if (blocksByZone[zone] == 0) {
            return;
        }
        TABLES.setRelease(slotsByZone, zone, null);
        blocksByZone[zone] = 0;
        for (int slot = 0; slot < addressOfSlot.length; slot++) {
            // Slots never used have address 0, which lies in a zone without young blocks.
            if (geometry.zoneOf(addressOfSlot[slot]) == zone) {
                LONGS.setRelease(addressOfSlot, slot, NO_ADDRESS);
            }
        }
    }

    /// Slot whose block covers an address, or -1. Any thread.
    public int slotOf(final long address) {
        final int[] slots = (int[]) TABLES.getAcquire(slotsByZone, geometry.zoneOf(address));
        return slots == null
                ? -1
                : (int) INTS.getAcquire(slots, (int) (geometry.offsetOf(address) >>> granuleShift)) - 1;
    }

    /// Device address of a slot's block. Any thread; valid while the slot holds that block.
    public long addressOf(final int slot) {
        return (long) LONGS.getAcquire(addressOfSlot, slot);
    }
}
