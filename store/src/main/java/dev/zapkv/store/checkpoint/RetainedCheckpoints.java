/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.checkpoint;

import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.CheckpointRef;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.PartPointer;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// The checkpoints that the store may be opened from, newest first, and the zones that their parts keep from being
/// emptied. Belongs to the I/O agent.
final class RetainedCheckpoints {
    private final ZoneTable zones;
    private final ZoneAllocator allocator;
    private final CheckpointHost host;
    private final List<Checkpoint> checkpoints;

    /// @param known found by the opening, newest first
    RetainedCheckpoints(
            final ZoneTable zones,
            final ZoneAllocator allocator,
            final CheckpointHost host,
            final List<Checkpoint> known) {
        this.zones = zones;
        this.allocator = allocator;
        this.host = host;
        checkpoints = new ArrayList<>(known);
        for (final PartPointer part : parts(known)) {
            zones.addLive(zones.zoneOf(part.address()), part.length());
        }
    }

    boolean isEmpty() {
        return checkpoints.isEmpty();
    }

    Checkpoint newest() {
        return checkpoints.getFirst();
    }

    /// What the metadata says of them.
    List<CheckpointRef> refs() {
        return checkpoints.stream().map(Checkpoint::ref).toList();
    }

    /// Makes a new one the newest to open from. Its parts are counted in the live bytes of their zones already.
    void add(final Checkpoint checkpoint) {
        final List<Checkpoint> next = new ArrayList<>();
        next.add(checkpoint);
        next.addAll(checkpoints.subList(0, Math.min(checkpoints.size(), MetadataImage.MAX_CHECKPOINTS - 1)));
        retain(next);
    }

    /// Gives up all but the newest.
    ///
    /// @return whether there was one
    boolean dropOlder() {
        if (checkpoints.size() <= 1) {
            return false;
        }
        retain(List.of(newest()));
        return true;
    }

    /// Gives up all of them if that empties a zone.
    ///
    /// @return whether it did
    boolean dropAll() {
        if (checkpoints.isEmpty()) {
            return false;
        }
        allocator.leave(Stream.CHECKPOINT);
        final int before = allocator.checkpointsTaken();
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < zones.usedZones(); zone++) {
            if (isSwept(zone)) {
                retain(List.of());
                break;
            }
        }
        return allocator.checkpointsTaken() < before;
    }

    /// Makes these the checkpoints to open from, and empties zones that only others needed.
    private void retain(final List<Checkpoint> next) {
        final Set<PartPointer> before = parts(checkpoints);
        final Set<PartPointer> after = parts(next);
        host.commit(next.stream().map(Checkpoint::ref).toList());
        checkpoints.clear();
        checkpoints.addAll(next);
        for (final PartPointer part : before) {
            if (!after.contains(part)) {
                zones.addLive(zones.zoneOf(part.address()), -part.length());
            }
        }
        sweep();
    }

    /// Empties the zones of the stream that hold nothing which is needed.
    void sweep() {
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < zones.usedZones(); zone++) {
            if (isSwept(zone) && zones.liveBytes(zone) == 0) {
                host.retire(zone);
            }
        }
    }

    /// Whether a zone of the stream can be emptied once nothing in it is needed.
    private boolean isSwept(final int zone) {
        return zones.stream(zone) == Stream.CHECKPOINT
                && allocator.isUnused(zone)
                && zones.state(zone) != ZoneState.OFFLINE;
    }

    private static Set<PartPointer> parts(final List<Checkpoint> checkpoints) {
        final Set<PartPointer> all = new HashSet<>();
        for (final Checkpoint checkpoint : checkpoints) {
            all.addAll(checkpoint.parts());
        }
        return all;
    }
}
