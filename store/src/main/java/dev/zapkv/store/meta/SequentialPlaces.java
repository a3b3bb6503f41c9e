/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.meta;

import dev.zapkv.ZapKvException;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.log.DevicePort;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneTable;
import java.util.ArrayList;
import java.util.BitSet;
import java.util.List;
import java.util.function.IntSupplier;

/// Metadata images in zones 0 and 1, one behind the other; a zone is emptied only when the newest image lies in the
/// other one, and one of them is open at a time. If the device has made a zone read-only or taken it away another zone
/// takes its place, and so it is with a zone that looks well and takes no image.
///
/// *How a zone elsewhere is found.* {@link MetadataSearch} looks beyond zones 0 and 1 if each of them is full or dead.
/// That is so before the first image lies elsewhere, and stays so: then neither is emptied again, unless one is dead.
/// In ordinary life one of them is empty, or open, because none is filled to its end.
final class SequentialPlaces implements ImagePlaces {
    private static final int NONE = -1;
    static final int ATTEMPTS = 8;
    // Of an image in a zone that looks well.
    private static final int ATTEMPTS_PER_ZONE = 3;

    private final DevicePort port;
    private final ZoneTable table;
    // Zones 0 and 1, and those that took the place of others, in the order they are preferred.
    private final List<Integer> candidates = new ArrayList<>(List.of(0, 1));
    private final BitSet dead = new BitSet();
    private final BitSet abandoned = new BitSet();
    private final int logicalBlock;
    private IntSupplier spareZones = () -> NONE;
    private int zone;
    private int newest;
    private boolean failed;
    private int failures;

    /// Goes on behind the newest image.
    ///
    /// @param zone  of the newest image, or 0 for a new store
    /// @param table gets the metadata zones as the device has them
    SequentialPlaces(final DevicePort port, final ZoneTable table, final int zone) {
        this.port = port;
        this.table = table;
        this.zone = zone;
        newest = zone;
        logicalBlock = port.device().geometry().blockSize();
        for (int z = 0; z < MetadataLog.ZONES; z++) {
            reserve(z);
            recover(z);
            dead.set(z, isDead(table.state(z)));
        }
        if (zone >= MetadataLog.ZONES) {
            recover(zone);
            candidates.add(zone);
            if (dead.isEmpty()) {
                abandoned.set(0, MetadataLog.ZONES);
            }
        }
    }

    /// So that metadata can be written on a full file system, too. A store that was made without it may find no
    /// space for it now, and yet go on.
    private void reserve(final int z) {
        try {
            port.device().reserve(z);
        } catch (final DeviceException e) {
            if (e.errno() != DeviceException.ENOSPC) {
                throw e;
            }
        }
    }

    private void recover(final int z) {
        ZoneInfo info = port.device().report(z);
        if (info.state().isActive() && (z != newest || !info.writePointerExact())) {
            // One metadata zone is open at a time: drives allow few.
            port.device().finish(z);
            info = port.device().report(z);
        }
        table.recover(z, info.state(), info.state() == ZoneState.EMPTY ? null : Stream.METADATA, info.writePointer());
    }

    /// Where zones come from that take the place of others: an empty zone, or a negative number if there is none.
    void spareZones(final IntSupplier source) {
        spareZones = source;
    }

    @Override
    public int attempts() {
        return ATTEMPTS;
    }

    @Override
    public int largest() {
        return port.device().geometry().maxAppend();
    }

    @Override
    public int newestZone() {
        return newest;
    }

    @Override
    public BitSet dead() {
        return dead;
    }

    @Override
    public long prepare(final long sequence, final int length) {
        if (failed || !writable(newest, length)) {
            // Even if it was prepared just now: what a failed append left there may be anything.
            zone = prepareNext();
        }
        return sequence;
    }

    private int prepareNext() {
        while (true) {
            final int next = next();
            try {
                if (next < MetadataLog.ZONES || table.state(next) != ZoneState.EMPTY) {
                    port.device().reset(next);
                    table.reset(next);
                }
                leave(newest);
                return next;
            } catch (final DeviceException e) {
                failedIn(next);
            }
        }
    }

    private int next() {
        for (final int candidate : candidates) {
            if (candidate != newest && !dead.get(candidate) && !abandoned.get(candidate)) {
                return candidate;
            }
        }
        final int spare = spareZones.getAsInt();
        if (spare < 0) {
            throw new ZapKvException("the device has made metadata zones read-only or taken them offline (" + dead
                    + "), or they take no more metadata (" + abandoned
                    + "), and no empty zone is left to take their place: the store stops taking writes; open it again,"
                    + " delete keys, and replace the device");
        }
        candidates.add(spare);
        return spare;
    }

    private void leave(final int full) {
        if (table.state(full).isActive()) {
            try {
                port.device().finish(full);
                table.finish(full);
            } catch (final DeviceException e) {
                if (!examine(full)) {
                    throw e;
                }
            }
        }
    }

    @Override
    public long write(final IoBuffer buffer, final int length) {
        if (table.state(zone) == ZoneState.EMPTY) {
            table.open(zone, Stream.METADATA);
        }
        table.addWritten(zone, length);
        final long result = port.appendAndWait(zone, buffer, length, DevicePort.METADATA);
        failed = result < 0;
        if (failed) {
            failedIn(zone);
        } else {
            newest = zone;
            failures = 0;
        }
        return result;
    }

    /// Decides whether a zone gets another chance.
    private void failedIn(final int z) {
        if (examine(z)) {
            failures = 0;
        } else if (z != newest && ++failures == ATTEMPTS_PER_ZONE) {
            failures = 0;
            abandon(z);
        }
    }

    /// A zone looks well and takes no image. That this is why metadata lies elsewhere must be seen when the store is
    /// opened: zones 0 and 1 become full and stay so.
    private void abandon(final int z) {
        leave(newest);
        if (!isDead(table.state(z))) {
            port.device().finish(z);
            table.finish(z);
        }
        abandoned.set(z);
        if (z < MetadataLog.ZONES && dead.isEmpty()) {
            abandoned.set(0, MetadataLog.ZONES);
        }
    }

    /// Asks the device whether a zone on which a command failed is dead.
    private boolean examine(final int z) {
        final ZoneState state = port.device().report(z).state();
        if (isDead(state)) {
            table.fail(z, state);
            dead.set(z);
        }
        return isDead(state);
    }

    /// A zone is left before its end, so that it is not full by itself.
    private boolean writable(final int z, final int length) {
        final ZoneState state = table.state(z);
        return (state == ZoneState.EMPTY || state.isActive())
                && table.written(z) + length <= table.capacity() - logicalBlock;
    }

    static boolean isDead(final ZoneState state) {
        return state == ZoneState.READ_ONLY || state == ZoneState.OFFLINE;
    }

    @Override
    public String describe() {
        return "zone " + zone;
    }
}
