/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import dev.zapkv.Finding;
import dev.zapkv.ScrubStats;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.ZoneAllocator;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// Reads the full zones of an open store again and again, slowly, so that damage is found while what is
/// damaged may still
/// be had from somewhere else. Reads as any reader does, on a thread of its own; takes nobody's lock but the
/// agent's for
/// the moment in which it asks about a zone. Changes nothing: what it cannot verify stays as and where it is.
public final class Scrubber implements AutoCloseable {
    private static final long SECOND_NS = TimeUnit.SECONDS.toNanos(1);
    // A pass over a small store takes no time.
    private static final long BETWEEN_PASSES_NS = TimeUnit.SECONDS.toNanos(1);

    private final ScrubHost host;
    private final ZoneDevice device;
    private final StoreId storeId;
    private final int blockBytes;
    private final long bytesPerSecond;
    private final LongSupplier nanoClock;
    private final Consumer<Finding> listener;
    private final DamagedEntries entries;
    private final Thread thread;
    // Places that were reported: zone, generation, offset.
    private final Set<Place> known = new HashSet<>();
    private final List<Finding> damage = new ArrayList<>(); // guarded by this
    private volatile boolean closed;
    private long freeAt;
    private long passes; // as all counters guarded by this
    private long zones;
    private long bytes;
    private long damaged;

    private record Place(int zone, int generation, long offset) {}

    /// Unwinds a walk when the store is closed.
    private static final class ClosedException extends RuntimeException {
        private static final long serialVersionUID = 1L;

        ClosedException() {
            super("the store is closed", null, false, false);
        }
    }

    /// @param bytesPerSecond positive
    /// @param entries        finds out what is live of a damaged place
    /// @param name           of the thread
    public Scrubber(
            final ScrubHost host,
            final ZoneDevice device,
            final StoreId storeId,
            final int blockBytes,
            final long bytesPerSecond,
            final LongSupplier nanoClock,
            final Consumer<Finding> listener,
            final DamagedEntries entries,
            final String name) {
        this.host = host;
        this.device = device;
        this.storeId = storeId;
        this.blockBytes = blockBytes;
        this.bytesPerSecond = bytesPerSecond;
        this.nanoClock = nanoClock;
        this.listener = listener;
        this.entries = entries;
        freeAt = nanoClock.getAsLong();
        thread = Thread.ofPlatform().name(name).daemon(true).unstarted(this::run);
    }

    /// Sets it going.
    public void start() {
        thread.start();
    }

    private void run() {
        try (ZoneReader reader = new ZoneReader(device, blockBytes, 0, this::pace)) {
            final ZoneWalk walk =
                    new ZoneWalk(reader, storeId, device.geometry().blockSize());
            while (!closed) {
                pass(reader, walk);
                synchronized (this) {
                    passes++;
                }
                freeAt = Math.max(freeAt, nanoClock.getAsLong() + BETWEEN_PASSES_NS);
                pace(0);
            }
        } catch (final ClosedException e) {
            // That is the way it ends.
            return;
        }
    }

    private void pass(final ZoneReader reader, final ZoneWalk walk) {
        for (int zone = ZoneAllocator.FIRST_DATA_ZONE; zone < host.usedZones(); zone++) {
            final ScrubHost.Full full = host.full(zone);
            if (full != null) {
                final long before = reader.bytesRead();
                final List<Suspect> suspects = walk(walk, full);
                // Emptied meanwhile: what was read may be anything.
                final boolean same = full.equals(host.full(zone));
                synchronized (this) {
                    bytes += reader.bytesRead() - before;
                    zones += same ? 1 : 0;
                }
                if (same) {
                    suspects.forEach(suspect -> report(full, suspect));
                }
            }
        }
    }

    private List<Suspect> walk(final ZoneWalk walk, final ScrubHost.Full full) {
        try {
            return walk.run(
                    full.info(),
                    full.generation(),
                    blockBytes,
                    device.geometry().zoneCapacity(),
                    entries);
        } catch (final DeviceException e) {
            if (closed) {
                throw new ClosedException();
            }
            throw e;
        }
    }

    private void report(final ScrubHost.Full full, final Suspect suspect) {
        if (!known.add(new Place(suspect.zone, full.generation(), suspect.offset))) {
            return;
        }
        final Finding finding = entries.finding(suspect);
        if (!finding.damage() || !full.equals(host.full(full.info().zone()))) {
            return;
        }
        synchronized (this) {
            damaged++;
            if (damage.size() < ScrubStats.MAX_DAMAGE) {
                damage.add(finding);
            }
        }
        try {
            listener.accept(finding);
        } catch (final RuntimeException e) {
            // A listener's mistake is no reason to stop; it goes where uncaught exceptions go.
            thread.getUncaughtExceptionHandler().uncaughtException(thread, e);
        }
    }

    /// Waits until so many bytes may be read.
    private void pace(final int next) {
        long now = nanoClock.getAsLong();
        while (!closed && now - freeAt < 0) {
            LockSupport.parkNanos(this, freeAt - now);
            now = nanoClock.getAsLong();
        }
        if (closed) {
            throw new ClosedException();
        }
        freeAt = now + (long) ((double) next / bytesPerSecond * SECOND_NS);
    }

    /// What was done so far.
    public synchronized ScrubStats stats() {
        return new ScrubStats(passes, zones, bytes, damaged, damage);
    }

    /// Ends it, and waits for that: no longer than a read takes.
    @Override
    public void close() {
        closed = true;
        LockSupport.unpark(thread);
        boolean interrupted = false;
        while (thread.isAlive()) {
            try {
                thread.join();
            } catch (final InterruptedException e) {
                interrupted = true;
            }
        }
        if (interrupted) {
            Thread.currentThread().interrupt();
        }
    }
}
