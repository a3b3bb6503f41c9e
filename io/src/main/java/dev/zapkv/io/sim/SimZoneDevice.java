/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sim;

import dev.zapkv.io.Capabilities;
import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.ConventionalZones;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.command.LeasedBuffer;
import dev.zapkv.io.emulated.CommandChecks;
import dev.zapkv.io.emulated.EmulatedZones;
import dev.zapkv.io.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.atomic.AtomicBoolean;
import java.util.random.RandomGenerator;

/// A device over {@link SimMedia}. A command is accepted; some polls later the device begins it, choosing an
/// append's address then and in any order; some polls later it completes, again in any order. Every decision
/// comes from one random generator.
///
/// A failed append (EIO) left nothing, a hole below the write pointer, or its data: the caller cannot know
/// which.
public final class SimZoneDevice implements ZoneDevice {
    /// Nothing is stored anywhere, and there is no clock.
    private static final int UNSUPPORTED =
            IoAttributes.BACKGROUND | IoAttributes.LIFETIME | IoAttributes.PROTECTED | IoAttributes.TIMED;

    private static final CompletionHandler NOBODY = (token, result, honoured) -> {};

    private final SimMedia media;
    private final ZoneGeometry geometry;
    private final EmulatedZones zones;
    private final SimOptions options;
    private final RandomGenerator random;
    private final List<SimCommand> accepted = new ArrayList<>();
    private final List<SimCommand> begun = new ArrayList<>();
    private final AtomicBoolean woken = new AtomicBoolean();
    private int inFlight;
    private int appendsToFail;
    private int flushesToFail;
    private boolean polling;
    private volatile boolean closed;

    /// Opens the media.
    ///
    /// @param random seeded by the caller; the device is its only user
    /// @throws IllegalStateException if another device has the media open
    public SimZoneDevice(final SimMedia media, final SimOptions options, final RandomGenerator random) {
        media.take();
        this.media = media;
        this.options = options;
        this.random = random;
        geometry = media.geometry();
        zones = media.zones();
    }

    /// Lets the next appends fail that begin.
    public void failAppends(final int count) {
        appendsToFail = count;
    }

    /// Lets the next flushes fail that begin; what they would have covered stays volatile.
    public void failFlushes(final int count) {
        flushesToFail = count;
    }

    /// Whether a command would fail.
    public boolean hasFailuresLeft() {
        return appendsToFail > 0 || flushesToFail > 0;
    }

    @Override
    public ZoneGeometry geometry() {
        return geometry;
    }

    @Override
    public Capabilities capabilities() {
        return new Capabilities(
                "sim",
                true,
                true,
                "simulated",
                List.of(
                        new Capability("append", "native", "by design", ""),
                        new Capability(
                                "append-failures",
                                options.appendFailures() + "/" + options.appendFailuresPer(),
                                "option",
                                ""),
                        unsupported("priority-class"),
                        unsupported("lifetime-hint"),
                        unsupported("protection"),
                        unsupported("command-timing")));
    }

    private static Capability unsupported(final String name) {
        return new Capability(name, "unsupported", "by design", "ignored");
    }

    @Override
    public IoBuffer register(final MemorySegment memory) {
        requireOpen();
        CommandChecks.memory(geometry, memory);
        return LeasedBuffer.unregistered(this, memory);
    }

    @Override
    public boolean append(
            final int zone,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        requireOpen();
        final LeasedBuffer own = LeasedBuffer.of(this, buffer);
        CommandChecks.append(geometry, zone, own.memory().byteSize(), offset, length, attributes);
        if (inFlight == options.queueDepth()) {
            return false;
        }
        own.commandStarted();
        zones.appendStarted(zone);
        accept(new SimCommand(
                SimCommand.Kind.APPEND, token, geometry.address(zone, 0), own, offset, length, attributes, 0));
        return true;
    }

    @Override
    public boolean read(
            final long address,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        requireOpen();
        final LeasedBuffer own = LeasedBuffer.of(this, buffer);
        CommandChecks.read(geometry, address, own.memory().byteSize(), offset, length, attributes);
        if (inFlight == options.queueDepth()) {
            return false;
        }
        own.commandStarted();
        accept(new SimCommand(SimCommand.Kind.READ, token, address, own, offset, length, attributes, 0));
        return true;
    }

    @Override
    public boolean flush(final long token) {
        requireOpen();
        if (inFlight == options.queueDepth()) {
            return false;
        }
        accept(new SimCommand(SimCommand.Kind.FLUSH, token, 0, null, 0, 0, 0, media.reports()));
        return true;
    }

    private void accept(final SimCommand command) {
        inFlight++;
        command.delayPolls = random.nextInt(options.delayPollsMax() + 1);
        accepted.add(command);
    }

    @Override
    public int poll(final CompletionHandler handler) {
        requireOpen();
        return pollOnce(handler);
    }

    private int pollOnce(final CompletionHandler handler) {
        if (polling) {
            throw new IllegalStateException("a completion handler must not poll");
        }
        polling = true;
        try {
            for (final SimCommand command : takeDue(accepted)) {
                begin(command);
                command.delayPolls = random.nextInt(options.delayPollsMax() + 1);
                begun.add(command);
            }
            return report(takeDue(begun), handler);
        } finally {
            polling = false;
        }
    }

    /// Removes the commands whose delay is over, in random order.
    private List<SimCommand> takeDue(final List<SimCommand> commands) {
        final List<SimCommand> due = new ArrayList<>();
        for (final SimCommand command : commands) {
            if (command.delayPolls-- <= 0) {
                due.add(random.nextInt(due.size() + 1), command);
            }
        }
        commands.removeAll(due);
        return due;
    }

    private void begin(final SimCommand command) {
        command.result = switch (command.kind) {
            case APPEND -> beginAppend(command);
            case READ -> {
                if (zones.state(geometry.zoneOf(command.address)) == ZoneState.OFFLINE
                        || media.failsRead(command.address, command.length)) {
                    yield -Errno.EIO;
                }
                media.read(
                        geometry.zoneOf(command.address),
                        geometry.offsetOf(command.address),
                        command.buffer.memory(),
                        command.offset,
                        command.length);
                yield command.length;
            }
            case FLUSH -> flushesToFail > 0 && flushesToFail-- > 0 ? -Errno.EIO : 0;
        };
    }

    private long beginAppend(final SimCommand command) {
        final int zone = geometry.zoneOf(command.address);
        final int refusal = zones.refusal(zone, command.length);
        if (refusal < 0) {
            return refusal;
        }
        final boolean failsByChance = random.nextInt(options.appendFailuresPer()) < options.appendFailures();
        final boolean fails = failsByChance || (appendsToFail > 0 && appendsToFail-- > 0);
        final int leaves = fails ? random.nextInt(3) : 2;
        if (leaves == 0) {
            return -DeviceException.EIO; // nothing
        }
        final long zoneOffset = zones.assign(zone, command.length);
        if (leaves == 2) {
            command.placed = media.place(zone, zoneOffset, command.buffer.memory(), command.offset, command.length);
        }
        return fails ? -DeviceException.EIO : geometry.address(zone, zoneOffset);
    }

    private int report(final List<SimCommand> due, final CompletionHandler handler) {
        int count = 0;
        try {
            for (final SimCommand command : due) {
                count++;
                report(command, handler);
            }
        } finally {
            // A handler threw: the others are reported by the next poll.
            for (final SimCommand command : due.subList(count, due.size())) {
                command.delayPolls = 0;
                begun.add(command);
            }
        }
        return count;
    }

    private void report(final SimCommand command, final CompletionHandler handler) {
        final boolean durable = command.result >= 0 && (command.attributes & IoAttributes.DURABLE) != 0;
        final boolean append = command.kind == SimCommand.Kind.APPEND;
        if (append) {
            zones.appendEnded(geometry.zoneOf(command.address));
        }
        if (command.placed != null) {
            media.reported(command.placed, durable);
        }
        if (command.kind == SimCommand.Kind.FLUSH && command.result == 0) {
            media.flushed(command.flushCovers);
        }
        inFlight--;
        try {
            handler.onResult(
                    command.token,
                    command.result,
                    IoAttributes.answers(
                            append && durable ? IoAttributes.DURABLE : IoAttributes.NONE,
                            command.attributes & UNSUPPORTED));
        } finally {
            if (command.buffer != null) {
                command.buffer.commandEnded();
            }
            handler.onBufferReleased(command.token, false);
        }
    }

    /// There is no clock: waits for a completion however many polls it takes, or polls once if {@code
    /// timeoutNs} is not positive.
    @Override
    public int await(final CompletionHandler handler, final long timeoutNs) {
        requireOpen();
        int count = 0;
        while (inFlight > 0 && count == 0) {
            count = pollOnce(handler);
            if (timeoutNs <= 0 || woken.get()) {
                break;
            }
        }
        woken.set(false);
        return count;
    }

    @Override
    public void wakeup() {
        woken.set(true);
    }

    @Override
    public int inFlight() {
        return inFlight;
    }

    @Override
    public void readSync(final long address, final MemorySegment target, final long targetOffset, final int length) {
        CommandChecks.addresses(geometry, address, length);
        requireOpen();
        final int zone = geometry.zoneOf(address);
        if (zones.state(zone) == ZoneState.OFFLINE) {
            throw new DeviceException("reading zone=" + zone + " failed: the device has taken it offline", Errno.EIO);
        }
        if (media.failsRead(address, length)) {
            throw new DeviceException("reading zone=" + zone + " failed: a media error", Errno.EIO);
        }
        media.read(zone, geometry.offsetOf(address), target, targetOffset, length);
    }

    @Override
    public Optional<ConventionalZones> conventional() {
        return media.conventional().length == 0
                ? Optional.empty()
                : Optional.of(new SimConventionalZones(media.conventional(), geometry.blockSize(), options, random));
    }

    @Override
    public ZoneInfo report(final int zone) {
        requireOpen();
        CommandChecks.zone(geometry, zone);
        return zones.report(zone);
    }

    @Override
    public void open(final int zone) {
        requireOpen();
        CommandChecks.zone(geometry, zone);
        zones.open(zone);
    }

    @Override
    public void finish(final int zone) {
        requireOpen();
        CommandChecks.zone(geometry, zone);
        zones.finish(zone);
    }

    @Override
    public void reset(final int zone) {
        requireOpen();
        CommandChecks.zone(geometry, zone);
        media.reset(zone);
    }

    @Override
    public void release(final int zone) {
        requireOpen();
        CommandChecks.zone(geometry, zone);
        zones.requireIdle(zone, "release");
        if (zones.state(zone) != ZoneState.EMPTY) {
            throw new IllegalStateException(
                    "release of zone=" + zone + " in state " + zones.state(zone) + ": reset it first");
        }
        media.release(zone);
    }

    private void requireOpen() {
        if (closed) {
            throw new DeviceException("the simulated device is closed", 0);
        }
    }

    @Override
    public void close() {
        if (closed) {
            return;
        }
        if (polling) {
            throw new IllegalStateException("a completion handler must not close the device");
        }
        while (inFlight > 0) {
            pollOnce(NOBODY);
        }
        closed = true;
        media.giveBack();
    }
}
