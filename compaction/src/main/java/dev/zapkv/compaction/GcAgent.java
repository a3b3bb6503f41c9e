/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.compaction;

import dev.zapkv.io.IoBuffer;
import dev.zapkv.store.spi.Collector;
import dev.zapkv.store.spi.CollectorHost;
import dev.zapkv.zone.ZoneAllocator;
import java.lang.foreign.Arena;
import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.List;

/// Collects one zone after the other, when {@link GcPace} says so or when asked to. A zone that has to wait for live
/// bytes that were not found in it does not hold up the others.
final class GcAgent implements Collector {
    private static final int READ_BYTES = 1 << 20;
    private static final int FRUITLESS_ROUNDS = 2;

    private final CollectorHost host;
    private final VictimPolicy policy;
    private final GcPace pace;
    private final Relocator relocator;
    private final Arena arena = Arena.ofShared();
    private final IoBuffer readBuffer;
    private final ArrayDeque<Integer> requested = new ArrayDeque<>();
    private final List<ZoneCollection> waiting = new ArrayList<>();
    private ZoneCollection current;
    private boolean exhausted;
    private boolean held;
    // Zones collected since a block of writers was applied, and what was live then.
    private int fruitless;
    private long frontier;
    private long live;
    private long zonesCollected;

    GcAgent(final CollectorHost host, final VictimPolicy policy) {
        this.host = host;
        this.policy = policy;
        pace = new GcPace(host);
        relocator = new Relocator(host);
        readBuffer = host.register(arena.allocate(
                Math.min(
                        Math.max(READ_BYTES, 2L * host.blockBytes()),
                        host.geometry().zoneCapacity()),
                4096));
    }

    @Override
    public int doWork() {
        int work = relocator.doWork();
        if (held) {
            relocator.flush();
            return work;
        }
        work += lookAfterWaiting();
        work += freeWorthless();
        if (current == null) {
            final int victim = nextVictim();
            if (victim == VictimPolicy.NONE) {
                return work;
            }
            current = new ZoneCollection(host, relocator, readBuffer, victim);
            work++;
        }
        for (int step = pace.stepsPerCycle(); step > 0 && current != null; step--) {
            final int done = current.doWork();
            work += done;
            finishIfOver();
            if (done == 0) {
                break;
            }
        }
        return work;
    }

    /// Empties full zones that hold nothing of worth: every append to them failed, a crash has cut them short, or
    /// all was superseded. That takes no zone and waits for nothing, so it helps when a collection and the log
    /// wait for each other. What was relocated may not be on stable media yet: its zone is left to its
    /// collection.
    private int freeWorthless() {
        int freed = 0;
        if (host.allocator().emptyZones() >= host.allocator().reserve()) {
            return 0;
        }
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < host.zones().usedZones(); zone++) {
            final boolean busy = current != null && current.zone() == zone;
            if (!busy && !policy.isExcluded(zone) && host.isWorthless(zone)) {
                host.retire(zone);
                countCollected();
                freed++;
            }
        }
        return freed;
    }

    private void finishIfOver() {
        if (current.isWaiting()) {
            policy.exclude(current.zone());
            waiting.add(current);
            current = null;
        } else if (current.isOver() && relocator.isDrained()) {
            // After a failure the records already copied still had to find their places.
            if (current.isDone()) {
                countCollected();
            } else {
                policy.exclude(current.zone());
            }
            current = null;
        }
    }

    private int lookAfterWaiting() {
        int work = 0;
        for (int i = waiting.size() - 1; i >= 0; i--) {
            final ZoneCollection collection = waiting.get(i);
            work += collection.doWork();
            if (collection.isOver()) {
                waiting.remove(i);
                if (collection.isDone()) {
                    policy.include(collection.zone());
                    countCollected();
                }
            }
        }
        return work;
    }

    private void countCollected() {
        zonesCollected++;
        fruitless++;
    }

    private int nextVictim() {
        while (!requested.isEmpty()) {
            final int zone = requested.poll();
            if (host.mayCollect(zone) && !policy.isExcluded(zone)) {
                return zone;
            }
        }
        final int evacuee = policy.evacuee();
        // It takes room and brings none back: without a zone to spare no other could be collected afterwards.
        if (evacuee != VictimPolicy.NONE && host.allocator().isReserveWhole()) {
            return evacuee;
        }
        if (!pace.wantsVictim()) {
            exhausted = false;
            return VictimPolicy.NONE;
        }
        final int victim = turnsInACircle() ? VictimPolicy.NONE : policy.choose();
        exhausted = victim == VictimPolicy.NONE;
        return victim;
    }

    /// Whether writers wait for room and every zone was collected without making any: live records fill the
    /// zones but for the ends that no block fits into. Then only a delete helps.
    private boolean turnsInACircle() {
        final long liveNow = host.zones().totalLiveBytes();
        if (!host.writersStarved() || host.frontierPosition() != frontier || liveNow < live) {
            fruitless = 0;
        }
        if (fruitless == 0) {
            frontier = host.frontierPosition();
            live = liveNow;
        }
        return fruitless > FRUITLESS_ROUNDS * host.zones().usedZones();
    }

    @Override
    public void hold(final boolean hold) {
        held = hold;
    }

    @Override
    public boolean isQuiet() {
        return relocator.isDrained();
    }

    @Override
    public boolean isExhausted() {
        return exhausted && current == null && waiting.isEmpty();
    }

    @Override
    public boolean isBlocked() {
        return !held && waiting.isEmpty() && (exhausted || current != null);
    }

    @Override
    public boolean isOutOfRoom() {
        return relocator.isOutOfRoom();
    }

    @Override
    public void request(final double minGarbageRatio) {
        requested.clear();
        host.leaveOpenZones(minGarbageRatio);
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < host.zones().usedZones(); zone++) {
            final double garbage = (double) policy.gain(zone) / host.zones().capacity();
            if (host.mayCollect(zone) && !policy.isExcluded(zone) && garbage >= minGarbageRatio && garbage > 0) {
                requested.add(zone);
            }
        }
    }

    @Override
    public boolean isRequested() {
        return !requested.isEmpty() || current != null || !waiting.isEmpty();
    }

    @Override
    public void onRead(final long id, final long result) {
        current.onRead(result);
    }

    @Override
    public void onAppend(final long id, final long result) {
        relocator.onAppend(id, result);
    }

    @Override
    public long zonesCollected() {
        return zonesCollected;
    }

    @Override
    public long appendedBytes() {
        return relocator.appendedBytes();
    }

    @Override
    public void close() {
        readBuffer.close();
        arena.close();
        relocator.close();
    }
}
