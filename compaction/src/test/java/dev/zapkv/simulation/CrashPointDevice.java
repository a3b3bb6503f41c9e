/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.ConventionalZones;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ForwardingZoneDevice;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.sim.SimCrash;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimZoneDevice;
import dev.zapkv.store.meta.MetadataLog;
import java.lang.foreign.MemorySegment;
import java.util.EnumSet;
import java.util.Optional;
import java.util.Set;
import java.util.random.RandomGenerator;

/// Passes everything on to a simulated device until the crash: at that call, or between two completions of one poll,
/// the media is copied as the crash leaves it, and from then on every call fails, so that whatever the dying store
/// still does reaches nothing.
final class CrashPointDevice extends ForwardingZoneDevice {
    /// Far more calls than one operation of a small store can need.
    private static final long CALLS_PER_OPERATION = 500_000;
    // Of the tokens of a DevicePort.
    private static final int KIND_SHIFT = 56;
    private static final int KIND_FLUSH = 2;
    private static final int KIND_GC_READ = 3;
    private static final int KIND_GC_APPEND = 4;
    private static final int KIND_CHECKPOINT = 5;

    private final SimMedia media;
    private final SimZoneDevice device;
    private final Trace trace;
    private long calls;
    private long zonesReset;
    private long callsLimit = CALLS_PER_OPERATION;
    private long crashAt = Long.MAX_VALUE;
    private SimCrash crash;
    private RandomGenerator random;
    private SimMedia survivor;
    private CrashPhase phase = CrashPhase.RECOVERY;
    private final Set<CrashPhase> crashedIn = EnumSet.noneOf(CrashPhase.class);

    /// Thrown by the call at which the crash happens, and by every later one.
    static final class Crashed extends Error {
        private static final long serialVersionUID = 1L;

        Crashed() {
            super("simulated crash");
        }
    }

    private record Buffer(IoBuffer of, CrashPointDevice device) implements IoBuffer {
        @Override
        public MemorySegment memory() {
            return of.memory();
        }

        @Override
        public boolean registered() {
            return of.registered();
        }

        @Override
        public void close() {
            if (!device.crashed()) {
                of.close();
            }
        }
    }

    CrashPointDevice(final SimMedia media, final SimZoneDevice device, final Trace trace) {
        super(device);
        this.media = media;
        this.device = device;
        this.trace = trace;
    }

    /// Sets the crash for a later call.
    void arm(final long callsFromNow, final SimCrash kind, final RandomGenerator survival) {
        crashAt = calls + callsFromNow;
        crash = kind;
        random = survival;
    }

    /// Crashes between two calls.
    void crashNow(final SimCrash kind, final RandomGenerator survival) {
        if (survivor == null) {
            crash = kind;
            crashedIn.add(CrashPhase.REST);
            survivor = media.crash(kind, survival);
        }
    }

    /// What the store is doing from now on.
    void phase(final CrashPhase value) {
        phase = value;
    }

    /// What the store was doing when it crashed.
    Set<CrashPhase> crashedIn() {
        return crashedIn;
    }

    boolean crashed() {
        return survivor != null;
    }

    SimCrash kind() {
        return crash;
    }

    SimMedia survivor() {
        return survivor;
    }

    /// The device itself, for reads that are no part of the run.
    SimZoneDevice unguarded() {
        return device;
    }

    /// A new operation of the store begins: it may make so many calls again.
    void operation() {
        callsLimit = calls + CALLS_PER_OPERATION;
    }

    private void step() {
        step(phase);
    }

    private void step(final long token) {
        step(
                switch ((int) (token >>> KIND_SHIFT)) {
                    case KIND_FLUSH -> CrashPhase.FLUSH;
                    case KIND_GC_READ, KIND_GC_APPEND -> CrashPhase.COLLECTION;
                    case KIND_CHECKPOINT -> CrashPhase.CHECKPOINT;
                    default -> phase;
                });
    }

    private void step(final CrashPhase detail) {
        if (survivor == null && ++calls >= crashAt) {
            crashedIn.add(phase);
            crashedIn.add(detail);
            survivor = media.crash(crash, random);
            trace.add(1, calls, 0);
        }
        if (survivor != null) {
            throw new Crashed();
        }
        if (calls > callsLimit) {
            throw new AssertionError("one operation made " + CALLS_PER_OPERATION + " device calls: it never ends");
        }
    }

    @Override
    public IoBuffer register(final MemorySegment memory) {
        step();
        return new Buffer(super.register(memory), this);
    }

    @Override
    public boolean append(
            final int zone,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        step(token);
        trace.add(2, token, (long) zone << 32 | length);
        return super.append(zone, ((Buffer) buffer).of(), offset, length, attributes, token);
    }

    @Override
    public boolean read(
            final long address,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        step(token);
        trace.add(3, token, address);
        return super.read(address, ((Buffer) buffer).of(), offset, length, attributes, token);
    }

    @Override
    public boolean flush(final long token) {
        step(CrashPhase.FLUSH);
        trace.add(4, token, 0);
        return super.flush(token);
    }

    @Override
    public int poll(final CompletionHandler handler) {
        step();
        return super.poll(guard(handler));
    }

    @Override
    public int await(final CompletionHandler handler, final long timeoutNs) {
        step();
        return super.await(guard(handler), timeoutNs);
    }

    private CompletionHandler guard(final CompletionHandler handler) {
        return new CompletionHandler() {
            @Override
            public void onResult(final long token, final long result, final int answers) {
                step(token);
                trace.add(5, token, result);
                if (result == -Errno.ETOOMANYREFS || result == -Errno.EOVERFLOW) {
                    throw new AssertionError("the store opened more zones than the drive allows: errno " + -result);
                }
                handler.onResult(token, result, answers);
            }

            @Override
            public void onBufferReleased(final long token, final boolean bounceCopy) {
                handler.onBufferReleased(token, bounceCopy);
            }
        };
    }

    @Override
    public int inFlight() {
        return crashed() ? 0 : super.inFlight();
    }

    @Override
    public void readSync(final long address, final MemorySegment target, final long targetOffset, final int length) {
        if (crashed()) {
            throw new Crashed();
        }
        super.readSync(address, target, targetOffset, length);
    }

    @Override
    public ZoneInfo report(final int zone) {
        if (crashed()) {
            throw new Crashed();
        }
        return super.report(zone);
    }

    @Override
    public Optional<ConventionalZones> conventional() {
        return super.conventional().map(Conventional::new);
    }

    /// A write may be cut short by the crash.
    private final class Conventional implements ConventionalZones {
        private final ConventionalZones zones;

        Conventional(final ConventionalZones zones) {
            this.zones = zones;
        }

        @Override
        public int count() {
            return zones.count();
        }

        @Override
        public long capacity() {
            return zones.capacity();
        }

        @Override
        public void read(final int zone, final long offset, final MemorySegment target, final int length) {
            if (crashed()) {
                throw new Crashed();
            }
            zones.read(zone, offset, target, length);
        }

        @Override
        public void write(final int zone, final long offset, final MemorySegment source, final int length) {
            if (!crashed() && calls + 1 >= crashAt) {
                tear(zone, offset, source, length);
            }
            step();
            trace.add(15, zone, offset);
            zones.write(zone, offset, source, length);
        }

        /// Each block is old or new.
        private void tear(final int zone, final long offset, final MemorySegment source, final int length) {
            final int block = geometry().blockSize();
            for (int at = 0; at < length; at += block) {
                if (random.nextBoolean()) {
                    try {
                        zones.write(zone, offset + at, source.asSlice(at, block), block);
                    } catch (final DeviceException e) {
                        trace.add(16, zone, at);
                    }
                }
            }
        }
    }

    @Override
    public void open(final int zone) {
        step();
        super.open(zone);
    }

    @Override
    public void finish(final int zone) {
        step();
        trace.add(6, zone, 0);
        super.finish(zone);
    }

    @Override
    public void reset(final int zone) {
        step(CrashPhase.RESET);
        trace.add(7, zone, 0);
        super.reset(zone);
        step(CrashPhase.RESET);
        zonesReset += zone < MetadataLog.ZONES ? 0 : 1;
    }

    /// Data zones emptied.
    long zonesReset() {
        return zonesReset;
    }

    @Override
    public void release(final int zone) {
        step();
        super.release(zone);
    }

    @Override
    public void close() {
        if (!crashed()) {
            super.close();
        }
    }
}
