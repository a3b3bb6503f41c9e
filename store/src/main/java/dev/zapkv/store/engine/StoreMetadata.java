/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.io.ZoneState;
import dev.zapkv.store.checkpoint.CheckpointWriter;
import dev.zapkv.store.format.CheckpointRef;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.log.AppendAgent;
import dev.zapkv.store.meta.MetadataLog;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;

/// The store's newest metadata image, and the moments at which a newer one is written. Belongs to the I/O
/// agent.
final class StoreMetadata implements AutoCloseable {
    // A note waits for the device, so not every zone gets one.
    private static final int ZONES_PER_NOTE = 8;
    private static final int NONE = -1;

    private final MetadataLog log;
    private final ZoneTable zones;
    private MetadataImage image;
    private AppendAgent append;
    private ZoneAllocator allocator;
    private GcHost gcHost;
    private ZoneLosses losses;
    private CheckpointWriter checkpoints;
    private long zonesNoted;

    /// @param image the newest one that was found
    StoreMetadata(final MetadataLog log, final MetadataImage image, final ZoneTable zones) {
        this.log = log;
        this.image = image;
        this.zones = zones;
    }

    /// What the images written from now on are about.
    void attach(
            final AppendAgent appendAgent,
            final ZoneAllocator zoneAllocator,
            final GcHost collectorHost,
            final ZoneLosses zoneLosses,
            final CheckpointWriter checkpointWriter) {
        append = appendAgent;
        allocator = zoneAllocator;
        gcHost = collectorHost;
        losses = zoneLosses;
        checkpoints = checkpointWriter;
    }

    MetadataImage image() {
        return image;
    }

    MetadataLog log() {
        return log;
    }

    /// A new life of the store begins: what did not count until now never will.
    ///
    /// @param settled last block that counts whatever is found: that before the first one in staging, or
    ///     the highest ever seen
    void beginLife(final long epoch, final List<Long> voids, final long settled, final Path staging) {
        append(image.next(
                epoch,
                settled,
                gcHost.nextBlock(),
                false,
                staging.toString(),
                checkpoints.refs(),
                voids,
                generations(NONE)));
    }

    /// Notes, each time some zones were opened, how far the log is settled: recovery looks behind that point
    /// only.
    ///
    /// @return amount of work done
    int noteProgress() {
        if (allocator.zonesOpened() < zonesNoted + ZONES_PER_NOTE) {
            return 0;
        }
        zonesNoted = allocator.zonesOpened();
        append.want(append.frontier(), true);
        if (append.flushed() > image.settledBlock()) {
            note();
        }
        return 1;
    }

    /// Notes what is known now.
    void note() {
        append(current(NONE, false, image.checkpoints()));
    }

    /// Notes that nothing follows.
    void noteCleanEnd() {
        append(current(NONE, true, image.checkpoints()));
    }

    /// Makes these the checkpoints that the store may be opened from.
    void commit(final List<CheckpointRef> refs) {
        append(current(NONE, false, refs));
    }

    /// Empties a zone: its generation is outdated durably before the device forgets its content.
    void retire(final int zone) {
        append(current(zone, false, image.checkpoints()));
        append.young().forget(zone);
        allocator.reset(zone);
        if (zones.state(zone) == ZoneState.EMPTY) {
            losses.forget(zone);
        }
    }

    private void append(final MetadataImage next) {
        image = next;
        log.append(next);
    }

    private MetadataImage current(final int bumped, final boolean clean, final List<CheckpointRef> refs) {
        return image.next(
                image.epoch(),
                Math.max(image.settledBlock(), append.flushed()),
                gcHost.nextBlock(),
                clean,
                clean ? "" : image.staging(),
                refs,
                image.voids(),
                generations(bumped));
    }

    private List<Integer> generations(final int bumped) {
        // A zone that is empty now has its generation all the same: what is appended to it next carries that number.
        int count = zones.zoneCount();
        while (count > 0 && count - 1 != bumped && zones.generation(count - 1) == 0 && !losses.isKnown(count - 1)) {
            count--;
        }
        final List<Integer> generations = new ArrayList<>(count);
        for (int zone = 0; zone < count; zone++) {
            final int generation = zones.generation(zone) + (zone == bumped ? 1 : 0);
            final boolean begunAnew = zone == bumped && zones.state(zone) != ZoneState.OFFLINE;
            generations.add(losses.isKnown(zone) && !begunAnew ? generation | MetadataImage.LOSS_KNOWN : generation);
        }
        return generations;
    }

    @Override
    public void close() {
        log.close();
    }
}
