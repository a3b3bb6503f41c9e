/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.read;

import dev.zapkv.CorruptionException;
import dev.zapkv.ZapKvException;
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
    // A checksum that does not hold, or an error, may be one of the transfer.
    private static final int MAX_FAULTY_READS = 3;

    private final PointIndex index;
    private final RecentRecords recent;
    private final ZoneDevice device;
    private final IntPredicate isOffline;
    private final ThreadLocal<ReadContext> contexts = ThreadLocal.withInitial(ReadContext::new);
    private final LongAdder deviceReads = new LongAdder();

    /// A reader of a store that is written to.
    ///
    /// @param isOffline asked after a read failed: whether the device has taken the zone offline
    public RecordReader(
            final PointIndex index,
            final StagingLog staging,
            final YoungCache young,
            final ZoneDevice device,
            final IntPredicate isOffline) {
        this(index, new RecentBlocks(staging, young), device, isOffline);
    }

    /// A reader of a store.
    ///
    /// @param recent    what may lie in memory
    /// @param isOffline asked after a read failed: whether the device has taken the zone offline
    public RecordReader(
            final PointIndex index, final RecentRecords recent, final ZoneDevice device, final IntPredicate isOffline) {
        this.isOffline = isOffline;
        this.index = index;
        this.recent = recent;
        this.device = device;
    }

    /// Reads the current record of a key.
    ///
    /// @param into where the value goes, as far as it fits; null: into a new array of its length
    /// @param at   first byte in {@code into}
    /// @return the calling thread's context with the outcome, valid until its next read; null if there is no value
    /// @throws CorruptionException if what the device returned was wrong, or nothing, several times
    /// @throws ZoneLostException   if the device has taken the zone offline
    public ReadContext read(
            final byte[] key,
            final long fingerprint,
            final long location,
            final boolean chunk,
            final byte[] into,
            final int at) {
        final ReadContext context = contexts.get();
        int faultyReads = 0;
        while (true) {
            final long entry = index.get(fingerprint, location);
            if (entry == 0 || IndexEntry.isTombstone(entry)) {
                return null;
            }
            final boolean inMemory = recent.locate(entry, context);
            if (!inMemory && IndexEntry.isMemory(entry)) {
                continue;
            }
            if (!inMemory) {
                final ReadFault fault = readDevice(entry, context);
                if (fault != null) {
                    if (index.get(fingerprint, location) == entry
                            && (fault.offline() || ++faultyReads >= MAX_FAULTY_READS)) {
                        throw exception(fault, entry);
                    }
                    continue;
                }
            }
            final boolean matches = context.parse(entry, key, chunk);
            if (matches) {
                context.copyValue(into, at);
            }
            if (inMemory && !recent.stillHolds(context)) {
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
    /// @throws CorruptionException as {@link #read}; {@code stillThere} told that the entry is current
    /// @throws ZoneLostException   if the device has taken the zone offline, likewise
    public ReadContext readEntry(final long entry, final BooleanSupplier stillThere) {
        final ReadContext context = contexts.get();
        final boolean inMemory = recent.locate(entry, context);
        if (!inMemory) {
            if (IndexEntry.isMemory(entry)) {
                return null;
            }
            ReadFault fault = readDevice(entry, context);
            for (int reads = 1; fault != null; reads++) {
                if (!stillThere.getAsBoolean()) {
                    return null;
                }
                if (fault.offline() || reads >= MAX_FAULTY_READS) {
                    throw exception(fault, entry);
                }
                fault = readDevice(entry, context);
            }
        }
        final boolean copied = context.copyKeyAndValue();
        return copied && (!inMemory || recent.stillHolds(context)) ? context : null;
    }

    /// Look-ups that went to the device.
    public long deviceReads() {
        return deviceReads.sum();
    }

    /// @return what went wrong, or null if the record is there and verified
    private ReadFault readDevice(final long entry, final ReadContext context) {
        final long address = IndexEntry.deviceAddress(entry);
        deviceReads.increment();
        try {
            final String reason = context.readDevice(device, address, IndexEntry.lengthBytes(entry));
            return reason == null ? null : ReadFault.damaged(reason);
        } catch (final DeviceException e) {
            return ReadFault.failed(isOffline.test(device.geometry().zoneOf(address)), e);
        }
    }

    private ZapKvException exception(final ReadFault fault, final long entry) {
        return fault.exception(device.geometry(), IndexEntry.deviceAddress(entry));
    }
}
