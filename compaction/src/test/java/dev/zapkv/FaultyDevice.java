/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ForwardingZoneDevice;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneDevice;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.concurrent.ConcurrentHashMap;
import java.util.concurrent.atomic.AtomicInteger;

/// Fails or falsifies commands as a test says.
final class FaultyDevice extends ForwardingZoneDevice {
    /// Reads of callers that fail from now on.
    final AtomicInteger failingReads = new AtomicInteger();
    /// Reads of callers from now on of which a bit is wrong.
    final AtomicInteger damagedReads = new AtomicInteger();
    /// Queued reads that fail from now on: those of garbage collection.
    final AtomicInteger failingQueuedReads = new AtomicInteger();
    /// Whether flushes fail. An append with DURABLE is one, too.
    volatile boolean flushesFail;
    /// Whether every command fails.
    volatile boolean gone;
    /// Reads that callers began.
    final AtomicInteger reads = new AtomicInteger();
    /// Zones that were reset.
    final Set<Integer> resets = ConcurrentHashMap.newKeySet();

    private enum Kind {
        APPEND,
        DURABLE_APPEND,
        READ,
        FLUSH
    }

    private final Map<Long, Kind> inFlight = new HashMap<>();

    FaultyDevice(final ZoneDevice device) {
        super(device);
    }

    private static boolean take(final AtomicInteger left) {
        return left.getAndUpdate(n -> Math.max(0, n - 1)) > 0;
    }

    @Override
    public boolean append(
            final int zone,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        // Nothing reaches the media of a device that is gone; a flush completes like the append that it stands for.
        final boolean accepted =
                gone ? super.flush(token) : super.append(zone, buffer, offset, length, attributes, token);
        if (accepted) {
            inFlight.put(token, (attributes & IoAttributes.DURABLE) != 0 ? Kind.DURABLE_APPEND : Kind.APPEND);
        }
        return accepted;
    }

    @Override
    public boolean read(
            final long address,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        final boolean accepted = super.read(address, buffer, offset, length, attributes, token);
        if (accepted) {
            inFlight.put(token, Kind.READ);
        }
        return accepted;
    }

    @Override
    public boolean flush(final long token) {
        final boolean accepted = super.flush(token);
        if (accepted) {
            inFlight.put(token, Kind.FLUSH);
        }
        return accepted;
    }

    @Override
    public int poll(final CompletionHandler handler) {
        return super.poll(falsifying(handler));
    }

    @Override
    public int await(final CompletionHandler handler, final long timeoutNs) {
        return super.await(falsifying(handler), timeoutNs);
    }

    private CompletionHandler falsifying(final CompletionHandler handler) {
        return new CompletionHandler() {
            @Override
            public void onResult(final long token, final long result, final int honoured) {
                handler.onResult(token, fails(inFlight.remove(token)) ? -DeviceException.EIO : result, honoured);
            }

            @Override
            public void onBufferReleased(final long token, final boolean bounceCopy) {
                handler.onBufferReleased(token, bounceCopy);
            }
        };
    }

    private boolean fails(final Kind kind) {
        return gone
                || switch (kind) {
                    case APPEND -> false;
                    case DURABLE_APPEND, FLUSH -> flushesFail;
                    case READ -> take(failingQueuedReads);
                };
    }

    @Override
    public void readSync(final long address, final MemorySegment target, final long targetOffset, final int length) {
        reads.incrementAndGet();
        if (gone || take(failingReads)) {
            throw new DeviceException("reading failed, errno " + DeviceException.EIO, DeviceException.EIO);
        }
        super.readSync(address, target, targetOffset, length);
        if (take(damagedReads)) {
            final long at = targetOffset + length / 2;
            target.set(ValueLayout.JAVA_BYTE, at, (byte) (target.get(ValueLayout.JAVA_BYTE, at) ^ 4));
        }
    }

    @Override
    public void reset(final int zone) {
        failIfGone();
        super.reset(zone);
        resets.add(zone);
    }

    @Override
    public void open(final int zone) {
        failIfGone();
        super.open(zone);
    }

    @Override
    public void finish(final int zone) {
        failIfGone();
        super.finish(zone);
    }

    private void failIfGone() {
        if (gone) {
            throw new DeviceException("the device does not answer, errno " + DeviceException.EIO, DeviceException.EIO);
        }
    }
}
