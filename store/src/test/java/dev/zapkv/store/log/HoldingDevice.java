/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ForwardingZoneDevice;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneDevice;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.LongPredicate;

/// Notes the host appends that go to another device, and keeps or falsifies their results as a test says.
final class HoldingDevice extends ForwardingZoneDevice {
    /// Host appends in the order they were begun.
    final List<Append> appends = new ArrayList<>();
    /// Blocks in the order in which their results arrived at the other device.
    final List<Long> completed = new ArrayList<>();
    /// Results that are kept back.
    LongPredicate held = block -> false;
    /// Whether the device keeps the memory of what it has answered.
    boolean releasesHeld;
    /// Whether the results of flushes are kept back.
    boolean flushesHeld;
    /// How many results of a block are turned into failures.
    final Map<Long, Integer> failures = new HashMap<>();
    /// Most host appends in flight at a time.
    int mostInFlight;

    private static final int KIND_SHIFT = 56;

    private final List<Result> kept = new ArrayList<>();
    private final List<Long> unreleased = new ArrayList<>();
    private final Set<Long> inFlightBlocks = new HashSet<>();

    HoldingDevice(final ZoneDevice device) {
        super(device);
    }

    record Append(long block, int zone, int length, int attributes) {}

    private record Result(long token, long value, int honoured) {}

    /// Whoever waited for what is kept back is dead.
    void forgetHeld() {
        kept.clear();
        inFlightBlocks.clear();
    }

    private boolean isHeld(final long token) {
        final int kind = (int) (token >>> KIND_SHIFT);
        return kind == AppendAgent.KIND_FLUSH ? flushesHeld : held.test(blockOf(token));
    }

    private static long blockOf(final long token) {
        return token & ((1L << KIND_SHIFT) - 1);
    }

    private void deliver(final Result result, final CompletionHandler handler) {
        long value = result.value;
        final long block = blockOf(result.token);
        if (result.token >>> KIND_SHIFT == AppendAgent.KIND_HOST) {
            inFlightBlocks.remove(block);
            final int failing = failures.getOrDefault(block, 0);
            if (failing > 0) {
                failures.put(block, failing - 1);
                value = -DeviceException.EIO;
            }
        }
        handler.onResult(result.token, value, result.honoured);
        if (releasesHeld) {
            unreleased.add(result.token);
        } else {
            handler.onBufferReleased(result.token, false);
        }
    }

    @Override
    public int poll(final CompletionHandler handler) {
        if (!releasesHeld) {
            unreleased.forEach(token -> handler.onBufferReleased(token, false));
            unreleased.clear();
        }
        final List<Result> due = new ArrayList<>(kept);
        due.removeIf(result -> isHeld(result.token));
        kept.removeAll(due);
        due.forEach(result -> deliver(result, handler));
        return due.size()
                + super.poll((token, value, honoured) -> {
                    final Result result = new Result(token, value, honoured);
                    if (token >>> KIND_SHIFT == AppendAgent.KIND_HOST) {
                        completed.add(blockOf(token));
                    }
                    if (isHeld(token)) {
                        kept.add(result);
                    } else {
                        deliver(result, handler);
                    }
                });
    }

    @Override
    public int await(final CompletionHandler handler, final long timeoutNs) {
        return poll(handler);
    }

    @Override
    public boolean append(
            final int zone,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        final boolean accepted = super.append(zone, buffer, offset, length, attributes, token);
        if (accepted) {
            appends.add(new Append(blockOf(token), zone, length, attributes));
            inFlightBlocks.add(blockOf(token));
            mostInFlight = Math.max(mostInFlight, inFlightBlocks.size());
        }
        return accepted;
    }

    @Override
    public int inFlight() {
        return super.inFlight() + kept.size();
    }
}
