/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.read;

import dev.zapkv.CorruptionException;
import dev.zapkv.ZoneLostException;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.StagingLog;
import dev.zapkv.store.log.YoungCache;
import java.util.concurrent.atomic.LongAdder;
import java.util.function.BooleanSupplier;
import java.util.function.IntPredicate;

/// Finds and reads records: index, then staging or the cache of young blocks, then the device. Nothing read from the
/// device is handed out before
/// its checksum and its key were verified; what is copied from memory is validated against its reuse.
/// Where a look-up loses a race with relocation, reset or eviction, it starts again at the index.
public final class RecordReader {
    private static final int MAX_CORRUPT_READS = 3;
    private static final String LOST = "offline";

    private final PointIndex index;
    private final StagingLog staging;
    private final YoungCache young;
    private final ZoneDevice device;
    private final IntPredicate isOffline;
    private final ThreadLocal<ReadContext> contexts = ThreadLocal.withInitial(ReadContext::new);
    private final LongAdder deviceReads = new LongAdder();

    /// A reader of an open store.
    ///
    /// @param isOffline asked after a read failed: whether the device has taken the zone offline
    public RecordReader(
            final PointIndex index,
            final StagingLog staging,
            final YoungCache young,
            final ZoneDevice device,
            final IntPredicate isOffline) {
        this.isOffline = isOffline;
        this.index = index;
        this.staging = staging;
        this.young = young;
        this.device = device;
    }

    /// Reads the current record of a key.
    ///
    /// @param into where the value goes, as far as it fits; null: into a new array of its length
    /// @param at   first byte in {@code into}
    /// @return the calling thread's context with the outcome, valid until its next read; null if there is no value
    /// @throws CorruptionException if the device's bytes are not what was written
    /// @throws ZoneLostException   if the device has taken the zone offline
    public ReadContext read(
            final byte[] key,
            final long fingerprint,
            final long location,
            final boolean chunk,
            final byte[] into,
            final int at) {
        final ReadContext context = contexts.get();
        int corruptReads = 0;
        while (true) {
            final long entry = index.get(fingerprint, location);
            if (entry == 0 || IndexEntry.isTombstone(entry)) {
                return null;
            }
            final boolean inMemory = locate(entry, context);
            if (!inMemory && IndexEntry.isMemory(entry)) {
                continue;
            }
            if (!inMemory) {
                final String reason = readDevice(entry, context);
                if (LOST.equals(reason)) {
                    if (index.get(fingerprint, location) == entry) {
                        throw lost(entry);
                    }
                    continue;
                }
                if (reason != null) {
                    if (index.get(fingerprint, location) == entry && ++corruptReads >= MAX_CORRUPT_READS) {
                        throw corruption(entry, reason);
                    }
                    continue;
                }
            }
            final boolean matches = context.parse(entry, key, chunk);
            if (matches) {
                context.copyValue(into, at);
            }
            if (inMemory && !stillHolds(context)) {
                continue;
            }
            if (matches) {
                return context;
            }
            if (index.get(fingerprint, location) == entry) {
                // Another key with the same fingerprint: this one was never written, or see the collision bound of
                // KeyHash.
                return null;
            }
        }
    }

    /// Reads the record an entry points at, whatever its key.
    ///
    /// @return the calling thread's context with key and value, or null if the record has moved: look the entry up
    /// again
    /// @throws CorruptionException if the device's bytes are not what was written; {@code stillThere} told that the
    /// entry is current
    /// @throws ZoneLostException   if the device has taken the zone offline, likewise
    public ReadContext readEntry(final long entry, final BooleanSupplier stillThere) {
        final ReadContext context = contexts.get();
        final boolean inMemory = locate(entry, context);
        if (!inMemory) {
            if (IndexEntry.isMemory(entry)) {
                return null;
            }
            final String reason = readDevice(entry, context);
            if (reason != null) {
                if (stillThere.getAsBoolean()) {
                    throw LOST.equals(reason) ? lost(entry) : corruption(entry, reason);
                }
                return null;
            }
        }
        final boolean copied = context.copyKeyAndValue();
        return copied && (!inMemory || stillHolds(context)) ? context : null;
    }

    /// Look-ups that went to the device.
    public long deviceReads() {
        return deviceReads.sum();
    }

    /// Finds the record in memory, by its log position in staging or by its device address in the cache.
    private boolean locate(final long entry, final ReadContext context) {
        if (IndexEntry.isMemory(entry)) {
            final int slot = staging.slotForRead(entry);
            final long block = staging.blockInSlot(slot);
            if (block == 0 || !staging.isBlockOf(block, entry)) {
                return false;
            }
            context.staged(staging.memory(), staging.offsetInSlot(slot, staging.offsetInBlock(entry)), slot, block);
            return true;
        }
        final long address = IndexEntry.deviceAddress(entry);
        final long place = young.find(address);
        if (place == YoungCache.ABSENT) {
            return false;
        }
        context.cached(young.memory(), young.offsetOf(place, address), place);
        return true;
    }

    /// Whether what was copied from memory is what was located.
    private boolean stillHolds(final ReadContext context) {
        return context.isStaged()
                ? staging.stillHolds(context.slot(), context.block())
                : young.stillHolds(context.place());
    }

    private String readDevice(final long entry, final ReadContext context) {
        final long address = IndexEntry.deviceAddress(entry);
        deviceReads.increment();
        try {
            return context.readDevice(device, address, IndexEntry.lengthBytes(entry));
        } catch (final DeviceException e) {
            if (isOffline.test(device.geometry().zoneOf(address))) {
                return LOST;
            }
            throw e;
        }
    }

    private ZoneLostException lost(final long entry) {
        final int zone = device.geometry().zoneOf(IndexEntry.deviceAddress(entry));
        return new ZoneLostException(
                "the record lies in zone " + zone
                        + ", which the device has taken offline: it is lost. Put or delete the"
                        + " key, or restore it from a backup; check the device",
                zone);
    }

    private CorruptionException corruption(final long entry, final String reason) {
        final long address = IndexEntry.deviceAddress(entry);
        return new CorruptionException("a record in zone " + device.geometry().zoneOf(address) + " at offset "
                + device.geometry().offsetOf(address) + " is damaged (" + reason
                + "): the device returned other bytes than were written; restore the key from a backup");
    }
}
