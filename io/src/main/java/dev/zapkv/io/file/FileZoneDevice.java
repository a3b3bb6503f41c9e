/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.Capabilities;
import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.emulated.CommandChecks;
import dev.zapkv.io.emulated.EmulatedZones;
import dev.zapkv.io.linux.Errno;
import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.nio.file.Files;
import java.nio.file.Path;

/// Zones in an ordinary directory.
///
/// | name | content |
/// |---|---|
/// | {@code DEVICE} | sizes, fixed at creation (see {@code DeviceIdentity}) |
/// | {@code ZONES} | zone states; there only while the device is cleanly closed (see {@code ZoneStatesFile}) |
/// | {@code zones/zone-00000000} … | one file per zone, zone capacity long, created when the zone is first opened or
/// written |
///
/// *Append.* The write pointer is assigned when the command is accepted and the data is written there, past
/// the page cache where the file system can. Many appends of one zone are in flight; they complete in any
/// order. A failed append leaves a hole below the write pointer that reads as zeros or as data of an earlier
/// life of the zone: appends after it keep their place.
///
/// *Reset* recycles the file: old data stays readable until overwritten. {@link #release} deletes it.
///
/// *Unclean stop.* Zone states live in memory. Without {@code ZONES} every zone whose file was ever written
/// is reported as full, with a write pointer that is only an upper bound.
///
/// *Flush* is one {@code fdatasync} per file written since; see {@code FlushRounds} for a failed one.
public final class FileZoneDevice implements ZoneDevice {
    private static final int SYNC_SLOTS = 8;
    private static final int RESTARTS_MAX = 16;
    private static final int APPEND_LENGTH_MAX = 1 << 30;
    private static final long CLOSE_WAIT_NS = 1_000_000_000L;
    private static final CompletionHandler NOBODY = (token, result, honoured) -> {};

    private final Path directory;
    private final ZoneGeometry geometry;
    private final EmulatedZones zones;
    private final ZoneFiles files;
    private final IoEngine engine;
    private final boolean direct;
    private final Capabilities capabilities;

    private final CommandTable commands;
    private final IntQueue ended;
    private final FlushRounds flushes;
    private final int queueDepth;
    private final int[] syncZone = new int[SYNC_SLOTS];
    private final Descriptor[] syncDescriptor = new Descriptor[SYNC_SLOTS];
    private final IntQueue freeSyncs = new IntQueue(SYNC_SLOTS);
    private final IoEngine.IoCompletion onIo = this::onIo;
    private boolean polling;
    private boolean closed;

    private FileZoneDevice(
            final Path directory,
            final ZoneGeometry geometry,
            final EmulatedZones zones,
            final ZoneFiles files,
            final IoEngine engine,
            final FileDeviceOptions options,
            final boolean direct) {
        this.directory = directory;
        this.geometry = geometry;
        this.zones = zones;
        this.files = files;
        this.engine = engine;
        this.direct = direct;
        capabilities = FileCapabilities.describe(engine, options, direct);
        queueDepth = options.queueDepth();
        commands = new CommandTable(queueDepth);
        ended = new IntQueue(queueDepth);
        flushes = new FlushRounds(geometry, queueDepth);
        for (int i = 0; i < SYNC_SLOTS; i++) {
            freeSyncs.add(i);
        }
    }

    /// Whether a directory holds a device, usable or not.
    public static boolean exists(final Path directory) {
        return Files.exists(directory.resolve(DeviceIdentity.FILE_NAME));
    }

    /// Makes a directory a device and opens it. The directory is created if need be; other files in it are
    /// left alone.
    ///
    /// @throws IllegalArgumentException if the geometry cannot be had in a directory
    /// @throws DeviceException          if there is a device already, or the directory cannot be written
    public static FileZoneDevice create(
            final Path directory, final ZoneGeometry geometry, final FileDeviceOptions options) {
        if (geometry.maxAppend() > APPEND_LENGTH_MAX) {
            throw new IllegalArgumentException("maxAppend=" + geometry.maxAppend() + " exceeds " + APPEND_LENGTH_MAX);
        }
        if (geometry.zoneCount() > ZoneStatesFile.zoneCountMax()) {
            throw new IllegalArgumentException(
                    "zoneCount=" + geometry.zoneCount() + " exceeds " + ZoneStatesFile.zoneCountMax());
        }
        if (exists(directory)) {
            throw new DeviceException(
                    directory + " already holds a device: open it, or choose another directory", Errno.EEXIST);
        }
        try {
            final Path zoneDirectory = directory.resolve(ZoneFiles.DIRECTORY_NAME);
            Files.createDirectories(zoneDirectory);
            final ZoneFiles leftOver = new ZoneFiles(zoneDirectory, geometry, false);
            leftOver.requireNone();
            DeviceIdentity.write(directory, geometry);
            DurableFiles.syncDirectory(directory.toAbsolutePath().getParent());
        } catch (final IOException e) {
            throw new DeviceException("cannot create a device in " + directory + ": " + e, Errno.EIO, e);
        }
        return open(directory, options);
    }

    /// Opens a device. The caller makes sure that nobody else has it open.
    ///
    /// @throws DeviceException if the directory is no device, of a newer format, damaged, or cannot be
    ///                         written
    public static FileZoneDevice open(final Path directory, final FileDeviceOptions options) {
        try {
            return openChecked(directory, options);
        } catch (final IOException e) {
            throw new DeviceException("cannot open the device in " + directory + ": " + e, Errno.EIO, e);
        }
    }

    private static FileZoneDevice openChecked(final Path directory, final FileDeviceOptions options)
            throws IOException {
        final ZoneGeometry geometry = DeviceIdentity.read(directory);
        final EmulatedZones zones = new EmulatedZones(geometry);
        final boolean clean = ZoneStatesFile.read(directory, geometry, zones);
        final boolean direct = DirectIoProbe.probe(directory, geometry, options.directIo());
        final ZoneFiles files = new ZoneFiles(directory.resolve(ZoneFiles.DIRECTORY_NAME), geometry, direct);
        IoEngine engine = null;
        try {
            files.scan();
            if (clean) {
                requireFiles(geometry, zones, files);
            } else {
                restoreUnclean(geometry, zones, files);
            }
            engine = IoEngines.open(options.asyncIo(), options.queueDepth() + SYNC_SLOTS);
            final FileZoneDevice device =
                    new FileZoneDevice(directory, geometry, zones, files, engine, options, direct);
            files.deleteUnfinished();
            // Last: from here on only close makes the states valid again.
            DurableFiles.delete(directory.resolve(ZoneStatesFile.FILE_NAME));
            return device;
        } catch (final Throwable t) {
            files.close();
            if (engine != null) {
                engine.close();
            }
            throw t;
        }
    }

    private static void requireFiles(final ZoneGeometry geometry, final EmulatedZones zones, final ZoneFiles files) {
        for (int zone = 0; zone < geometry.zoneCount(); zone++) {
            if (zones.writePointer(zone) > 0 && !files.exists(zone)) {
                throw new DeviceException(
                        files.path(zone) + " is missing, it held " + zones.writePointer(zone)
                                + " bytes: restore it from a backup",
                        DeviceException.ENOENT);
            }
        }
    }

    private static void restoreUnclean(final ZoneGeometry geometry, final EmulatedZones zones, final ZoneFiles files) {
        for (int zone = 0; zone < geometry.zoneCount(); zone++) {
            if (files.exists(zone) && files.hasData(zone)) {
                zones.restore(zone, ZoneState.FULL, geometry.zoneCapacity(), false);
            }
        }
    }

    @Override
    public ZoneGeometry geometry() {
        return geometry;
    }

    @Override
    public Capabilities capabilities() {
        return capabilities;
    }

    /// Where the device lies.
    public Path directory() {
        return directory;
    }

    @Override
    public IoBuffer register(final MemorySegment memory) {
        requireOpen();
        CommandChecks.memory(geometry, memory);
        final int index = engine.register(memory);
        return new FileIoBuffer(this, memory, Math.max(index, IoEngine.UNREGISTERED));
    }

    void unregister(final int index) {
        if (!closed) {
            engine.unregister(index);
        }
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
        final FileIoBuffer own = own(buffer);
        CommandChecks.append(geometry, zone, own.memory().byteSize(), offset, length, attributes);
        if (commands.isFull()) {
            return false;
        }
        own.commandStarted();
        final int slot = transfer(CommandTable.APPEND, zone, own, offset, length, attributes, token);
        final int refusal = prepareZone(zone, length);
        if (refusal < 0) {
            end(slot, refusal);
            return true;
        }
        zones.appendStarted(zone);
        commands.zoneOffset[slot] = zones.assign(zone, length);
        start(slot);
        return true;
    }

    /// Makes sure that a zone takes an append: 0 or {@code -errno}.
    private int prepareZone(final int zone, final int length) {
        final int refusal = zones.refusal(zone, length);
        if (refusal == 0 && zones.state(zone) == ZoneState.EMPTY) {
            try {
                files.create(zone, false);
            } catch (final DeviceException e) {
                return e.errno() == 0 ? -Errno.EIO : -e.errno();
            }
        }
        return refusal;
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
        final FileIoBuffer own = own(buffer);
        CommandChecks.read(geometry, address, own.memory().byteSize(), offset, length, attributes);
        if (commands.isFull()) {
            return false;
        }
        own.commandStarted();
        final int zone = geometry.zoneOf(address);
        final int slot = transfer(CommandTable.READ, zone, own, offset, length, attributes, token);
        if (!files.exists(zone)) {
            own.memory().asSlice(offset, length).fill((byte) 0);
            end(slot, length);
            return true;
        }
        commands.zoneOffset[slot] = geometry.offsetOf(address);
        start(slot);
        return true;
    }

    private int transfer(
            final int kind,
            final int zone,
            final FileIoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        final int slot = commands.take(kind, token);
        commands.zone[slot] = zone;
        commands.buffer[slot] = buffer;
        commands.memoryAddress[slot] = buffer.memory().address() + offset;
        commands.length[slot] = length;
        commands.attributes[slot] = attributes;
        return slot;
    }

    @Override
    public boolean flush(final long token) {
        requireOpen();
        if (commands.isFull()) {
            return false;
        }
        flushes.add(commands.take(CommandTable.FLUSH, token));
        return true;
    }

    /// Takes a descriptor for the command and hands it to the engine.
    private void start(final int slot) {
        try {
            final Descriptor descriptor = files.writer(commands.zone[slot]);
            final boolean acquired = descriptor.acquire();
            assert acquired : "the table never hands out a closed descriptor";
            commands.descriptor[slot] = descriptor;
        } catch (final DeviceException e) {
            endTransfer(slot, e.errno() == 0 ? -Errno.EIO : -e.errno());
            return;
        }
        issue(slot);
    }

    /// Hands the command, or what is left of it, to the engine.
    private void issue(final int slot) {
        final int done = commands.done[slot];
        final int fd = commands.descriptor[slot].fd();
        final long address = commands.memoryAddress[slot] + done;
        final int length = commands.length[slot] - done;
        final long offset = commands.zoneOffset[slot] + done;
        final int index = commands.buffer[slot].index();
        if (commands.kind[slot] == CommandTable.APPEND) {
            engine.write(slot, fd, address, length, offset, durable(slot), index);
        } else {
            engine.read(slot, fd, address, length, offset, index);
        }
    }

    private boolean durable(final int slot) {
        return (commands.attributes[slot] & IoAttributes.DURABLE) != 0;
    }

    /// An engine command ended: slots from the queue depth on are the syncs of flushes.
    private void onIo(final int slot, final int result) {
        if (slot >= queueDepth) {
            onSync(slot - queueDepth, result);
        } else if (restartable(result) && commands.restarts[slot]++ < RESTARTS_MAX) {
            issue(slot);
        } else if (result < 0) {
            endTransfer(slot, result);
        } else {
            onTransferred(slot, result);
        }
    }

    /// Cancelled before it was started, because the thread that submitted it ended; or interrupted by a
    /// signal. To write the same bytes to the same place again is harmless.
    private static boolean restartable(final int result) {
        return result == -Errno.ECANCELED || result == -Errno.EINTR;
    }

    private void onTransferred(final int slot, final int bytes) {
        final int done = commands.done[slot] + bytes;
        commands.done[slot] = done;
        if (done == commands.length[slot]) {
            endTransfer(slot, done);
        } else if (bytes > 0 && (!direct || bytes % geometry.blockSize() == 0)) {
            issue(slot); // short: go on where it stopped
        } else {
            endTransfer(slot, -Errno.EIO); // the end of a truncated file, or a rest that direct I/O cannot transfer
        }
    }

    /// A transfer ended with its bytes or {@code -errno}.
    private void endTransfer(final int slot, final int result) {
        if (commands.descriptor[slot] != null) {
            commands.descriptor[slot].release();
        }
        if (commands.kind[slot] == CommandTable.READ) {
            end(slot, result);
            return;
        }
        final int zone = commands.zone[slot];
        zones.appendEnded(zone);
        if (!durable(slot)) {
            flushes.written(zone); // also after a failure: part of it may have been written
        } else if (result == -Errno.EIO && flushes.isDirty(zone)) {
            flushes.fail(zone, result); // perhaps it was the sync that failed, and with it earlier appends
        }
        end(slot, result < 0 ? result : geometry.address(zone, commands.zoneOffset[slot]));
        closeWriterIfDone(zone);
    }

    /// A full zone needs its descriptor for appends no more once everything is durable.
    private void closeWriterIfDone(final int zone) {
        if (zones.state(zone) == ZoneState.FULL && zones.appendsInFlight(zone) == 0 && !flushes.isDirty(zone)) {
            files.closeWriter(zone);
        }
    }

    /// The result of a command is known; it is reported by the next poll.
    private void end(final int slot, final long result) {
        commands.result[slot] = result;
        ended.add(slot);
    }

    private void serveFlushes() {
        flushes.begin();
        while (!freeSyncs.isEmpty()) {
            final int zone = flushes.nextZone();
            if (zone < 0) {
                break;
            }
            if (files.exists(zone)) {
                startSync(zone);
            }
        }
        for (int slot = flushes.takeServed(); slot >= 0; slot = flushes.takeServed()) {
            end(slot, flushes.roundResult());
        }
    }

    private void startSync(final int zone) {
        final Descriptor descriptor;
        try {
            descriptor = files.writer(zone);
        } catch (final DeviceException e) {
            flushes.fail(zone, e.errno() == 0 ? -Errno.EIO : -e.errno());
            return;
        }
        final boolean acquired = descriptor.acquire();
        assert acquired : "the table never hands out a closed descriptor";
        final int sync = freeSyncs.remove();
        syncZone[sync] = zone;
        syncDescriptor[sync] = descriptor;
        flushes.syncStarted();
        engine.sync(queueDepth + sync, descriptor.fd());
    }

    private void onSync(final int sync, final int result) {
        if (restartable(result)) {
            engine.sync(queueDepth + sync, syncDescriptor[sync].fd()); // it never ran, so nothing was lost
            return;
        }
        syncDescriptor[sync].release();
        syncDescriptor[sync] = null;
        freeSyncs.add(sync);
        flushes.syncEnded(syncZone[sync], result);
        closeWriterIfDone(syncZone[sync]);
    }

    @Override
    public int poll(final CompletionHandler handler) {
        requireOpen();
        return pollOnce(handler, -1);
    }

    /// @param waitNs longest wait, or negative to not wait
    private int pollOnce(final CompletionHandler handler, final long waitNs) {
        if (polling) {
            throw new IllegalStateException("a completion handler must not poll");
        }
        polling = true;
        try {
            serveFlushes();
            if (waitNs < 0 || !ended.isEmpty()) {
                engine.poll(onIo);
            } else {
                engine.await(onIo, waitNs);
            }
            serveFlushes();
            return report(handler);
        } finally {
            polling = false;
        }
    }

    /// Reports what has ended by now; what the handler starts is for the next poll.
    private int report(final CompletionHandler handler) {
        final int count = ended.size();
        for (int i = 0; i < count; i++) {
            final int slot = ended.remove();
            final long token = commands.token[slot];
            final long result = commands.result[slot];
            final FileIoBuffer buffer = commands.buffer[slot];
            final int honoured = result >= 0 && durableAppend(slot) ? IoAttributes.DURABLE : IoAttributes.NONE;
            commands.give(slot);
            try {
                handler.onResult(token, result, honoured);
            } finally {
                if (buffer != null) {
                    buffer.commandEnded();
                }
                handler.onBufferReleased(token, buffer != null && !direct);
            }
        }
        return count;
    }

    private boolean durableAppend(final int slot) {
        return commands.kind[slot] == CommandTable.APPEND && durable(slot);
    }

    @Override
    public int await(final CompletionHandler handler, final long timeoutNs) {
        requireOpen();
        final long startNs = System.nanoTime();
        long leftNs = Math.max(0, timeoutNs);
        while (true) {
            if (commands.inFlight() == 0) {
                engine.takeWakeup();
                return 0;
            }
            final int count = pollOnce(handler, leftNs);
            if (engine.takeWakeup() || count > 0) {
                return count;
            }
            leftNs = timeoutNs - (System.nanoTime() - startNs);
            if (leftNs <= 0) {
                return 0;
            }
        }
    }

    @Override
    public void wakeup() {
        engine.wakeup();
    }

    @Override
    public int inFlight() {
        return commands.inFlight();
    }

    @Override
    public void readSync(final long address, final MemorySegment target, final long targetOffset, final int length) {
        CommandChecks.addresses(geometry, address, length);
        files.readSync(geometry.zoneOf(address), geometry.offsetOf(address), target, targetOffset, length);
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
        zones.check(zone, "open", zones.openRefusal(zone));
        files.create(zone, true);
        zones.open(zone);
    }

    @Override
    public void finish(final int zone) {
        requireOpen();
        CommandChecks.zone(geometry, zone);
        zones.finish(zone);
        closeWriterIfDone(zone);
    }

    @Override
    public void reset(final int zone) {
        requireOpen();
        CommandChecks.zone(geometry, zone);
        zones.reset(zone);
        flushes.reset(zone);
    }

    @Override
    public void release(final int zone) {
        requireOpen();
        CommandChecks.zone(geometry, zone);
        if (zones.state(zone) != ZoneState.EMPTY) {
            throw new IllegalStateException(
                    "release of zone=" + zone + " in state " + zones.state(zone) + ": reset it first");
        }
        if (files.exists(zone)) {
            files.delete(zone);
        }
    }

    private FileIoBuffer own(final IoBuffer buffer) {
        if (buffer instanceof final FileIoBuffer own && own.belongsTo(this)) {
            return own;
        }
        throw new IllegalArgumentException("the buffer was not registered with this device: " + buffer);
    }

    private void requireOpen() {
        if (closed) {
            throw new DeviceException("the device in " + directory + " is closed", 0);
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
        closed = true;
        try {
            while (commands.inFlight() > 0) {
                pollOnce(NOBODY, CLOSE_WAIT_NS);
                engine.takeWakeup();
            }
            syncAll();
            ZoneStatesFile.write(directory, geometry, zones);
        } catch (final IOException e) {
            throw new DeviceException("cannot save the zone states of " + directory + ": " + e, Errno.EIO, e);
        } finally {
            try {
                engine.close();
            } finally {
                files.close();
            }
        }
    }

    /// A clean stop means that everything below the write pointers is durable. After a failed sync the stop
    /// is not clean.
    private void syncAll() {
        int failure = flushes.failure();
        for (int zone = 0; zone < geometry.zoneCount(); zone++) {
            if (flushes.isDirty(zone)) {
                failure = Math.min(failure, files.syncNow(zone));
            }
        }
        if (failure < 0) {
            throw new DeviceException(
                    "data of " + directory + " could not be made durable: " + Errno.describe(-failure)
                            + "; the device counts as not cleanly closed",
                    -failure);
        }
    }
}
