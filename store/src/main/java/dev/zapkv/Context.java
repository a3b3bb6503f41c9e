/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ReadOnlyZoneDevice;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneRange;
import dev.zapkv.io.file.FileDeviceOptions;
import dev.zapkv.io.file.FileZoneDevice;
import dev.zapkv.io.nvme.NvmeZoneDevice;
import dev.zapkv.io.zbd.ZbdZoneDevice;
import dev.zapkv.io.zonefs.ZonefsZoneDevice;
import dev.zapkv.store.engine.EngineConfig;
import dev.zapkv.store.engine.StoreRequirements;
import dev.zapkv.store.format.MetadataImage;
import java.io.IOException;
import java.lang.management.ManagementFactory;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.OptionalInt;
import java.util.function.Consumer;
import java.util.function.LongSupplier;

/// What to open and how. Fluent; used for one opening. Settings marked *format* are fixed when a store is
/// made and ignored when an existing one is opened; the others count for one opening.
public final class Context {
    private static final long MIN_ZONE = 1L << 20;
    private static final long MAX_ZONE = 1L << 30;
    private static final long DEFAULT_ZONE = 64L << 20;
    private static final int UNBOUNDED_ZONES = 16_384;
    private static final int MOST_NAMED = 3;
    private static final int LOGICAL_BLOCK = 4096;
    private static final long DEFAULT_MEMORY = 1L << 30;
    private static final long MIN_MEMORY = 32L << 20;
    private static final int DEFAULT_BLOCK = 128 << 10;
    private static final int MAX_APPEND = 1 << 20;
    private static final Path SHARED_MEMORY = Path.of("/dev/shm");

    private Location location;
    private ZoneRange zones = ZoneRange.ALL;
    private ZoneDevice device;
    private long capacityBytes = -1;
    private long zoneSizeBytes;
    private long memoryBytes;
    private OptionalInt blockBytes = OptionalInt.empty();
    private long checkpointBytes;
    private Durability durability = Durability.PROCESS;
    private boolean createIfMissing = true;
    private boolean readOnly;
    private Path stagingDirectory;
    private AsyncIo asynchronousIo = AsyncIo.AUTO;
    private boolean threaded = true;
    private LongSupplier nanoClock = System::nanoTime;
    private Consumer<ZoneLoss> lossListener = loss -> {};
    private long scrubBytesPerSecond;
    private Consumer<Finding> scrubListener = finding -> {};
    private Consumer<RecoveryProgress> recoveryListener = progress -> {};
    private LongSupplier randomSeed = new SecureRandom()::nextLong;
    private boolean concluded;

    /// Default settings.
    public Context() {}

    /// The directory of the store. Needed, unless a location or a device is given.
    public Context directory(final Path value) {
        return location(new Location(Location.Kind.FILE, Objects.requireNonNull(value, "directory")));
    }

    /// Where the store lies.
    public Context location(final Location value) {
        location = Objects.requireNonNull(value, "location");
        return this;
    }

    /// The zones of a drive that are the store's; default all. The same have to be named at every opening.
    public Context zones(final ZoneRange value) {
        zones = Objects.requireNonNull(value, "zones");
        return this;
    }

    /// *Format.* Bound of the store on its device in bytes, metadata and the reserve of garbage collection
    /// included; -1, the default: it grows as long as there is room.
    public Context capacityBytes(final long value) {
        capacityBytes = value;
        return this;
    }

    /// *Format.* Size of a directory's zones in bytes, a power of two from 1 MiB to 1 GiB. Default: 64 MiB,
    /// or less in a store
    /// with a small bound. It bounds the longest value, and is the unit of garbage collection.
    public Context zoneSizeBytes(final long value) {
        zoneSizeBytes = value;
        return this;
    }

    /// Budget of off-heap memory in bytes, at least 32 MiB: index, staging, and recently written data kept as
    /// cache. Default: 1 GiB, or a quarter of the machine's memory if that is less.
    public Context memoryBytes(final long value) {
        memoryBytes = value;
        return this;
    }

    /// *Format.* Largest append in bytes, a power of two from 16 KiB to 1 MiB; default 128 KiB, or what the
    /// device takes if that is less. It bounds a batch.
    public Context blockBytes(final int value) {
        blockBytes = OptionalInt.of(value);
        return this;
    }

    /// Bytes appended from one checkpoint to the next: about as much is replayed when the store is opened
    /// after an unclean end. 0, the default: 64 MiB, or more if the index is large, so that checkpoints take
    /// about 6 % of what is written; and none in a store of fewer than 48 zones, where any other number
    /// allows them from 16 zones on.
    public Context checkpointBytes(final long value) {
        checkpointBytes = value;
        return this;
    }

    /// Level of writes that name none; default {@link Durability#PROCESS}.
    public Context durability(final Durability value) {
        durability = Objects.requireNonNull(value, "durability");
        return this;
    }

    /// Whether a missing or empty directory, or an empty device, becomes a store; default true. A drive never
    /// becomes one by being opened, see {@link ZapKv#format}.
    public Context createIfMissing(final boolean value) {
        createIfMissing = value;
        return this;
    }

    /// Whether the store is opened to be read alone; default false. It is recovered in memory, and nothing
    /// whatever is
    /// written: not to the device, nor to staging, nor to the directory, which may lie on a read-only file
    /// system. What
    /// a killed process left in staging is seen, if it can be read, and stays there. Whatever would write is
    /// refused with
    /// {@link StoreReadOnlyException}. Any number of readers may have a store open at a time, as long as
    /// nobody has it
    /// open for writing. A store is never made.
    public Context readOnly(final boolean value) {
        readOnly = value;
        return this;
    }

    /// Where the staging file goes. Default: shared memory ({@code /dev/shm}), else the store's directory.
    public Context stagingDirectory(final Path value) {
        stagingDirectory = Objects.requireNonNull(value, "stagingDirectory");
        return this;
    }

    /// How a directory's device does its appends; default {@link AsyncIo#AUTO}.
    public Context asynchronousIo(final AsyncIo value) {
        asynchronousIo = Objects.requireNonNull(value, "asynchronousIo");
        return this;
    }

    /// A device to use instead of a directory's. The store owns it from {@link ZapKv#open} on. Without a
    /// directory there is no lock: the caller sees to it that the device is used once.
    public Context device(final ZoneDevice value) {
        device = Objects.requireNonNull(value, "device");
        return this;
    }

    /// Whether the store runs an I/O thread; default true. Without one, blocks are appended only by writers
    /// that wait for the device, {@link ZapKv#flush} and {@link ZapKv#close}: for tests that want one thread.
    public Context threaded(final boolean value) {
        threaded = value;
        return this;
    }

    /// Monotonic time in nanoseconds.
    public Context nanoClock(final LongSupplier value) {
        nanoClock = Objects.requireNonNull(value, "nanoClock");
        return this;
    }

    /// Hears of each zone that the device takes offline and what was lost with it, on the thread that
    /// notices: one of the
    /// store's, a reader's, or the one that opens the store. It must not wait, nor call the store. See {@link
    /// StoreStats#losses}.
    public Context lossListener(final Consumer<ZoneLoss> value) {
        lossListener = Objects.requireNonNull(value, "lossListener");
        return this;
    }

    /// Has the full zones of the store read again and again in the background and their checksums verified, so
    /// that
    /// damage is found before somebody needs what is damaged. Nothing is changed by it. Only in a store with
    /// threads
    /// ({@link #threaded}) that was not opened read-only.
    ///
    /// @param bytesPerSecond most that is read; 0, the default: none. A store of 1 TiB at 4 MiB/s takes three
    /// days
    /// @param listener       hears of each damaged place, once, on the scrub's thread; see
    /// {@link StoreStats#scrub} as
    ///                       well
    public Context scrub(final long bytesPerSecond, final Consumer<Finding> listener) {
        scrubBytesPerSecond = bytesPerSecond;
        scrubListener = Objects.requireNonNull(listener, "listener");
        return this;
    }

    /// Hears how far the opening is, each time some more was read: a store with much to replay takes seconds to open.
    /// One
    /// call at a time, on any of the threads that open the store; it must not wait. See {@link StoreStats#opening}.
    public Context recoveryListener(final Consumer<RecoveryProgress> value) {
        recoveryListener = Objects.requireNonNull(value, "recoveryListener");
        return this;
    }

    /// Source of identities and secrets; default: the system's secure random numbers.
    public Context randomSeed(final LongSupplier value) {
        randomSeed = Objects.requireNonNull(value, "randomSeed");
        return this;
    }

    /// Whether the store lies on a drive.
    boolean isDrive() {
        return location != null && location.isDrive();
    }

    /// The directory of the store, or null.
    Path directoryPath() {
        return location == null || location.isDrive() ? null : location.path();
    }

    /// Whether the store is opened to be read alone.
    boolean isReadOnly() {
        return readOnly;
    }

    /// A checked context with what it opened so far.
    record Concluded(EngineConfig engine, AutoCloseable lock) {
        void release() {
            try {
                lock.close();
            } catch (final Exception e) {
                throw new ZapKvException("cannot release the lock of the store", e);
            }
        }

        void releaseAfter(final Throwable failure) {
            Context.releaseAfter(lock, failure);
        }
    }

    Concluded conclude() {
        use();
        if (device != null) {
            return new Concluded(config(readOnly ? ReadOnlyZoneDevice.of(device) : device), () -> {});
        }
        if (location.isDrive()) {
            try {
                return new Concluded(config(openDrive()), () -> {});
            } catch (final DeviceException e) {
                throw translate(e);
            }
        }
        prepareDirectory();
        final AutoCloseable lock =
                readOnly ? StoreLock.acquireShared(location.path()) : StoreLock.acquire(location.path());
        try {
            return new Concluded(config(openDirectory()), lock);
        } catch (final DeviceException e) {
            final ZapKvException failure = translate(e);
            releaseAfter(lock, failure);
            throw failure;
        } catch (final RuntimeException | Error e) {
            releaseAfter(lock, e);
            throw e;
        }
    }

    private static void releaseAfter(final AutoCloseable lock, final Throwable failure) {
        try {
            lock.close();
        } catch (final Exception e) {
            failure.addSuppressed(e);
        }
    }

    /// Checks the settings; they can be used once.
    void use() {
        if (concluded) {
            throw new ConfigurationException("this context was used already: make a new one for each opening");
        }
        concluded = true;
        final List<String> problems = problems();
        if (!problems.isEmpty()) {
            throw new ConfigurationException("the store cannot be opened: " + String.join("; ", problems));
        }
    }

    /// The device that was given, or null.
    ZoneDevice device() {
        return device;
    }

    /// What messages call the store.
    String name() {
        return name(device);
    }

    private String name(final ZoneDevice storage) {
        return location == null ? storage.capabilities().backend() : location.toString();
    }

    /// The budget of memory.
    long memory() {
        return memoryBytes == 0 ? defaultMemory() : memoryBytes;
    }

    LongSupplier nanoClock() {
        return nanoClock;
    }

    LongSupplier randomSeed() {
        return randomSeed;
    }

    /// Directories where a staging file goes, or may be found, in order of preference.
    List<Path> stagingCandidates() {
        if (stagingDirectory != null) {
            return List.of(stagingDirectory);
        }
        return directoryPath() == null ? List.of(SHARED_MEMORY) : List.of(SHARED_MEMORY, directoryPath());
    }

    /// What a failure of the device means for whoever opens the store.
    ZapKvException translate(final DeviceException e) {
        return switch (e.errno()) {
            case DeviceException.ENOSPC -> new StoreFullException(e.getMessage(), e);
            case DeviceException.EBUSY -> new StoreLockedException(e.getMessage(), e);
            case DeviceException.EACCES, DeviceException.EPERM, DeviceException.EROFS ->
                new ConfigurationException(e.getMessage(), e);
            case 0 -> new FormatException(e.getMessage(), e);
            default -> new ZapKvException(e.getMessage(), e);
        };
    }

    private List<String> problems() {
        final List<String> problems = new ArrayList<>();
        if (location == null && device == null) {
            problems.add("neither a directory, a location nor a device was given");
        }
        if (location != null && !location.isDrive() && !zones.equals(ZoneRange.ALL)) {
            problems.add("zones=" + zones + " names zones of a drive, but " + location + " is a directory");
        }
        if (location != null && location.isDrive() && zoneSizeBytes != 0) {
            problems.add("zoneSizeBytes=" + zoneSizeBytes + ": the zones of a drive have the size they have");
        }
        if (capacityBytes != -1 && capacityBytes <= 0) {
            problems.add("capacityBytes=" + capacityBytes + " is neither positive nor -1");
        }
        if (zoneSizeBytes != 0
                && (zoneSizeBytes < MIN_ZONE || zoneSizeBytes > MAX_ZONE || Long.bitCount(zoneSizeBytes) != 1)) {
            problems.add(
                    "zoneSizeBytes=" + zoneSizeBytes + " is not a power of two from " + MIN_ZONE + " to " + MAX_ZONE);
        }
        if (memoryBytes != 0 && memoryBytes < MIN_MEMORY) {
            problems.add("memoryBytes=" + memoryBytes + " is less than " + MIN_MEMORY);
        }
        if (checkpointBytes < 0) {
            problems.add("checkpointBytes=" + checkpointBytes + " is negative");
        }
        if (scrubBytesPerSecond < 0) {
            problems.add("scrub: bytesPerSecond=" + scrubBytesPerSecond + " is negative");
        }
        if (blockBytes.isPresent() && !MetadataImage.isBlockBytes(blockBytes.getAsInt())) {
            problems.add("blockBytes=" + blockBytes.getAsInt() + " is not a power of two from "
                    + MetadataImage.MIN_BLOCK_BYTES + " to " + MetadataImage.MAX_BLOCK_BYTES);
        }
        return problems;
    }

    private void prepareDirectory() {
        final Path directory = location.path();
        try {
            if (!Files.exists(directory)) {
                if (!createIfMissing || readOnly) {
                    throw new FormatException(
                            "there is no store in " + directory + ": the directory does not exist; check the path");
                }
                Files.createDirectories(directory);
            } else if (!Files.isDirectory(directory)) {
                throw new FormatException(directory + " is not a directory: name the directory of a store");
            } else if (!FileZoneDevice.exists(directory)) {
                checkEmpty();
            }
        } catch (final IOException e) {
            throw new ConfigurationException(
                    "cannot use the directory " + directory + ": " + e
                            + "; see that it can be read and written, and that its file system has free space",
                    e);
        }
    }

    private void checkEmpty() throws IOException {
        final Path directory = location.path();
        final List<String> foreign = new ArrayList<>();
        try (DirectoryStream<Path> entries = Files.newDirectoryStream(directory)) {
            for (final Path entry : entries) {
                final String name = entry.getFileName().toString();
                if (!name.equals("LOCK") && !FileZoneDevice.isLeftOver(entry) && foreign.size() < MOST_NAMED) {
                    foreign.add(name);
                }
            }
        }
        if (!foreign.isEmpty()) {
            throw new FormatException(directory + " is not a ZapKV store and not empty (it holds "
                    + String.join(", ", foreign) + " …): name another directory");
        }
        if (!createIfMissing || readOnly) {
            throw new FormatException("there is no store in " + directory + ": the directory is empty; check the path");
        }
    }

    /// Opens the drive at the location.
    ZoneDevice openDrive() {
        if (readOnly) {
            return openDriveReadOnly();
        }
        return switch (location.kind()) {
            case NVME -> NvmeZoneDevice.open(location.path(), zones, asynchronousIo);
            case ZBD -> ZbdZoneDevice.open(location.path(), zones, asynchronousIo);
            case ZONEFS -> ZonefsZoneDevice.open(location.path(), zones, asynchronousIo);
            case FILE -> throw new IllegalStateException("a directory is no drive: " + location);
        };
    }

    private ZoneDevice openDriveReadOnly() {
        return switch (location.kind()) {
            case NVME -> NvmeZoneDevice.openReadOnly(location.path(), zones);
            case ZBD -> ZbdZoneDevice.openReadOnly(location.path(), zones);
            case ZONEFS -> ZonefsZoneDevice.openReadOnly(location.path(), zones);
            case FILE -> throw new IllegalStateException("a directory is no drive: " + location);
        };
    }

    private ZoneDevice openDirectory() {
        final Path directory = location.path();
        if (readOnly) {
            return FileZoneDevice.openReadOnly(directory);
        }
        final FileDeviceOptions options = FileDeviceOptions.DEFAULT.withAsyncIo(asynchronousIo);
        if (FileZoneDevice.exists(directory)) {
            return FileZoneDevice.open(directory, options);
        }
        final long zone = zoneSize();
        final int zones =
                capacityBytes < 0 ? UNBOUNDED_ZONES : Math.toIntExact(Math.min(capacityBytes / zone, 1 << 20));
        if (zones < StoreRequirements.MIN_ZONES) {
            throw new ConfigurationException("capacityBytes=" + capacityBytes + " gives " + zones + " zones of " + zone
                    + " bytes, at least " + StoreRequirements.MIN_ZONES
                    + " are needed: raise it, or lower zoneSizeBytes");
        }
        return FileZoneDevice.create(
                directory, new ZoneGeometry(LOGICAL_BLOCK, zone, zone, zones, 0, 0, MAX_APPEND), options);
    }

    /// Zones small enough that a bounded store has about a hundred.
    private long zoneSize() {
        if (zoneSizeBytes != 0) {
            return zoneSizeBytes;
        }
        return capacityBytes < 0
                ? DEFAULT_ZONE
                : Math.clamp(Long.highestOneBit(Math.max(1, capacityBytes / 64)), MIN_ZONE, DEFAULT_ZONE);
    }

    private EngineConfig config(final ZoneDevice storage) {
        final boolean drive = location != null && location.isDrive();
        final ZoneGeometry geometry = storage.geometry();
        return new EngineConfig(
                storage,
                name(storage),
                // A drive does not grow.
                drive && capacityBytes < 0 ? geometry.zoneCount() * geometry.zoneCapacity() : capacityBytes,
                memory(),
                blockBytes.orElse(Math.min(DEFAULT_BLOCK, Integer.highestOneBit(geometry.maxAppend()))),
                checkpointBytes,
                durability,
                createIfMissing && !drive && !readOnly,
                stagingCandidates(),
                threaded,
                nanoClock,
                randomSeed,
                lossListener,
                scrubBytesPerSecond,
                scrubListener,
                recoveryListener);
    }

    private static long defaultMemory() {
        return ManagementFactory.getOperatingSystemMXBean() instanceof com.sun.management.OperatingSystemMXBean system
                ? Math.clamp(system.getTotalMemorySize() / 4, MIN_MEMORY, DEFAULT_MEMORY)
                : DEFAULT_MEMORY;
    }
}
