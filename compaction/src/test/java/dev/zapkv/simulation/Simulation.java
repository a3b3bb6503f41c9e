/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import dev.zapkv.Context;
import dev.zapkv.CorruptionException;
import dev.zapkv.Durability;
import dev.zapkv.FormatException;
import dev.zapkv.StoreFullException;
import dev.zapkv.StoreStats;
import dev.zapkv.TestData;
import dev.zapkv.WriteBatch;
import dev.zapkv.WriteOptions;
import dev.zapkv.ZapKv;
import dev.zapkv.ZapKvException;
import dev.zapkv.ZoneLostException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.sim.SimCrash;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import dev.zapkv.store.meta.MetadataLog;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.stream.Stream;

/// One run: a store over a simulated device is written to, read, collected, closed, killed and cut off from power, on
/// one thread. The seed decides everything: the device's geometry and behaviour, the workload, and where the crashes
/// fall, in the middle of recoveries too. After each opening the whole content is compared with the {@link Model},
/// and the store's accounts with the {@link LogAudit}.
final class Simulation {
    private static final int LOGICAL_BLOCK = 4096;
    private static final long MEMORY_BYTES = 32L << 20;
    private static final int MAX_FAILED_ZONES = 2;
    /// Half of the values that are longer are put from leased memory.
    private static final int LEASED_FROM = 10_000;

    /// What the store runs on.
    enum Drive {
        /// Zones of three to eight blocks.
        SMALL_ZONES,
        /// Zones of two blocks: a stream is always about to run out of its zone.
        TINY_ZONES,
        /// Few open zones are allowed, and some become read-only.
        FRAGILE,
        /// Zones become read-only or go offline.
        DYING,
        /// Appends of 16 KiB at most.
        SMALL_APPENDS,
        /// Metadata lies in conventional zones.
        CONVENTIONAL;

        int blockBytes() {
            return this == SMALL_APPENDS ? 16 << 10 : 64 << 10;
        }

        int[] zoneCapacities() {
            return switch (this) {
                case SMALL_ZONES -> new int[] {192 << 10, 256 << 10, 384 << 10, 512 << 10};
                case TINY_ZONES -> new int[] {128 << 10};
                case FRAGILE, DYING, CONVENTIONAL -> new int[] {192 << 10, 256 << 10};
                case SMALL_APPENDS -> new int[] {48 << 10, 64 << 10, 128 << 10, 192 << 10};
            };
        }
    }

    // Metadata, reserve and open zones: see the store's bound of its live bytes.
    private static final int UNUSABLE_ZONES = 6;

    private final long seed;
    private final int steps;
    private final Path directory;
    private final Trace trace = new Trace();
    private final SplittableRandom random;
    private final SplittableRandom crashRandom;
    private final SplittableRandom storeRandom;
    private final SplittableRandom driveRandom;
    private final int failuresPerThousand;
    private final boolean mayGoOffline;
    private final int blockBytes;
    private final ZoneGeometry geometry;
    private final SimOptions options;
    private final Model model;
    private final byte[][] keys;
    private final Map<ByteBuffer, Integer> numberOfKey = new HashMap<>();
    private final long target;
    private final int crashesPerThousand;
    private final int flushedPerThousand;
    private final int largePerThousand;
    private final int deletePerThousand;
    private final int maxValue;
    private final long checkpointBytes;

    private SimMedia media;
    private CrashPointDevice device;
    private ZapKv store;
    private long nanos;
    private long valuesMade;
    private boolean powerCut;
    private boolean cleanEnd = true;
    // A torn block is found again by every recovery until its zone is emptied.
    private boolean tornBlocks;
    private int step;
    private int crashes;
    private int failedZones;
    private boolean offline;
    private boolean offlineInThisLife;
    private boolean deadMetadataZone;
    private boolean metadataMayBeLost;
    private boolean over;
    private int fromCheckpoint;
    private long zonesCollected;

    /// @param directory for staging files, empty
    Simulation(final long seed, final int steps, final Drive drive, final Path directory) {
        this.seed = seed;
        this.steps = steps;
        this.directory = directory;
        random = new SplittableRandom(seed);
        crashRandom = random.split();
        storeRandom = random.split();
        blockBytes = drive.blockBytes();
        final int[] capacities = drive.zoneCapacities();
        final int capacity = capacities[random.nextInt(capacities.length)];
        final int zones = 10 + random.nextInt(14);
        driveRandom = new SplittableRandom(seed * 31);
        mayGoOffline = drive == Drive.DYING;
        failuresPerThousand = switch (drive) {
            case SMALL_ZONES, TINY_ZONES, SMALL_APPENDS -> 0;
            case FRAGILE, CONVENTIONAL -> driveRandom.nextInt(3);
            case DYING -> 2 + driveRandom.nextInt(4);
        };
        final int failing = failuresPerThousand == 0 ? 0 : MAX_FAILED_ZONES;
        final int openLimit = drive == Drive.FRAGILE ? driveRandom.nextInt(3, 6) : 0;
        geometry = new ZoneGeometry(
                LOGICAL_BLOCK,
                Integer.highestOneBit(capacity * 2 - 1),
                capacity,
                zones + failing,
                openLimit,
                openLimit == 0 ? 0 : openLimit + driveRandom.nextInt(2),
                blockBytes);
        options = new SimOptions(
                8 + random.nextInt(57), random.nextInt(7), random.nextInt(3) == 0 ? 1 : 0, 50 + random.nextInt(400));
        // Each zone may end with room that the next block does not fit into.
        final long usable = (long) (zones - UNUSABLE_ZONES) * (capacity - blockBytes);
        target = usable * (30 + random.nextInt(60)) / 100;
        crashesPerThousand = 1 + random.nextInt(20);
        flushedPerThousand = 1 << random.nextInt(8);
        largePerThousand = random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(15);
        deletePerThousand = 20 + random.nextInt(300);
        maxValue = 1 << (6 + random.nextInt(10));
        checkpointBytes = 1L << driveRandom.nextInt(14, 24);
        keys = new byte[50 + random.nextInt(400)][];
        for (int key = 0; key < keys.length; key++) {
            keys[key] = new byte[4 + random.nextInt(random.nextInt(20) == 0 ? Math.min(3000, blockBytes / 20) : 30)];
            random.nextBytes(keys[key]);
            ByteBuffer.wrap(keys[key]).putInt(0, key);
            numberOfKey.put(ByteBuffer.wrap(keys[key]), key);
        }
        model = new Model(keys.length);
        media = new SimMedia(geometry, drive == Drive.CONVENTIONAL ? 2 + driveRandom.nextInt(2) : 0);
    }

    /// Runs to the end.
    ///
    /// @return hash of all that happened
    /// @throws AssertionError with the seed, if the store did what it must not
    long run() {
        try {
            open();
            for (step = 0; step < steps && !over; step++) {
                step();
            }
            if (over) {
                return trace.hash();
            }
            device.arm(Long.MAX_VALUE / 2, SimCrash.PROCESS, crashRandom);
            closeCleanly();
            open();
            closeCleanly();
        } catch (final AssertionError | RuntimeException e) {
            throw new AssertionError(
                    "seed " + seed + ", step " + step + ", " + crashes + " crashes, zones "
                            + geometry.zoneCount() + " x " + geometry.zoneCapacity() + ", " + options + ": "
                            + e.getMessage(),
                    e);
        }
        return trace.hash();
    }

    /// One line on what happened.
    String summary() {
        return "seed " + seed + ": " + step + " steps, " + crashes + " crashes, " + fromCheckpoint
                + " openings from a checkpoint, " + zonesCollected
                + " zones collected, " + model.count() + " keys, trace " + Long.toHexString(trace.hash());
    }

    private void step() {
        device.operation();
        if (failedZones < MAX_FAILED_ZONES && driveRandom.nextInt(1000) < failuresPerThousand) {
            failedZones++;
            final boolean metadata = mayGoOffline && driveRandom.nextInt(4) == 0;
            failZone(
                    metadata
                            ? driveRandom.nextInt(MetadataLog.ZONES)
                            : driveRandom.nextInt(MetadataLog.ZONES, geometry.zoneCount()));
        }
        if (chance(crashesPerThousand)) {
            device.arm(
                    1 + crashRandom.nextInt(1 << (1 + crashRandom.nextInt(9))),
                    crashRandom.nextInt(3) == 0 ? SimCrash.POWER : SimCrash.PROCESS,
                    crashRandom);
        }
        if (chance(crashesPerThousand) && crashRandom.nextInt(4) == 0) {
            device.crashNow(crashRandom.nextBoolean() ? SimCrash.POWER : SimCrash.PROCESS, crashRandom);
            recover();
            return;
        }
        try {
            operation();
        } catch (final Throwable t) {
            if (!device.crashed()) {
                throw t;
            }
        }
        if (device.crashed()) {
            recover();
        }
    }

    private void failZone(final int zone) {
        deadMetadataZone |= zone < MetadataLog.ZONES;
        if (device.unguarded().report(zone).state() == ZoneState.OFFLINE) {
            return;
        }
        if (!mayGoOffline || driveRandom.nextInt(4) == 0) {
            media.fail(zone, ZoneState.READ_ONLY);
            return;
        }
        final ZoneContent content = ZoneContent.of(device.unguarded(), zone);
        content.keys().forEach(key -> model.suspect(numberOfKey.get(key)));
        for (int key = 0; key < keys.length; key++) {
            if (content.chunks() && model.mayBeLarge(key, blockBytes / 2)) {
                model.suspect(key);
            }
        }
        media.fail(zone, ZoneState.OFFLINE);
        trace.add(14, zone, content.keys().size());
        metadataMayBeLost |= deadMetadataZone;
        offline = true;
        offlineInThisLife = true;
    }

    private void operation() {
        if (chance(2)) {
            closeCleanly();
            if (!device.crashed()) {
                open();
            }
        } else if (chance(3)) {
            checkContent("in the middle");
        } else if (chance(3)) {
            store.collect(random.nextInt(3) / 4.0);
        } else if (chance(5)) {
            store.flush();
            model.flushed();
            checkAccounts("after a flush");
        } else if (chance(150)) {
            get(random.nextInt(keys.length));
        } else if (chance(100)) {
            write(2 + random.nextInt(6));
        } else {
            write(1);
        }
    }

    private void write(final int size) {
        final int[] changed = new int[size];
        final byte[][] values = new byte[size][];
        final boolean tooMuch = model.valueBytes() > target;
        for (int i = 0; i < size; i++) {
            changed[i] = random.nextInt(keys.length);
            final boolean delete = random.nextInt(1000) < (tooMuch ? 700 : deletePerThousand);
            values[i] = delete ? null : newValue(size == 1);
        }
        final WriteOptions level = level();
        model.begin(changed, values);
        try {
            submit(changed, values, level);
            model.accept();
        } catch (final StoreFullException e) {
            full(changed, values, e);
            return;
        }
        if (level == WriteOptions.FLUSHED) {
            model.flushed();
        }
    }

    private void submit(final int[] changed, final byte[][] values, final WriteOptions level) {
        if (changed.length > 1) {
            final WriteBatch batch = new WriteBatch();
            for (int i = 0; i < changed.length; i++) {
                if (values[i] == null) {
                    batch.delete(keys[changed[i]]);
                } else {
                    batch.put(keys[changed[i]], values[i]);
                }
            }
            store.write(batch, level);
        } else if (values[0] == null) {
            final boolean deleted = store.delete(keys[changed[0]], level);
            if (deleted != (model.value(changed[0]) != null)) {
                throw new AssertionError("delete of key " + changed[0] + " said " + deleted);
            }
        } else if (values[0].length > LEASED_FROM && values[0].length % 2 == 1) {
            TestData.putLeased(store, keys[changed[0]], values[0], level);
        } else {
            store.put(keys[changed[0]], values[0], level);
        }
    }

    private WriteOptions level() {
        if (chance(flushedPerThousand)) {
            return WriteOptions.FLUSHED;
        }
        return chance(100) ? WriteOptions.DEVICE : WriteOptions.PROCESS;
    }

    /// The store refused a write: it must have had a reason, and either all or nothing was written.
    private void full(final int[] changed, final byte[][] values, final StoreFullException e) {
        trace.add(10, step, 0);
        if (model.valueBytes() < target / 2) {
            throw new AssertionError(
                    "the store says it is full with " + model.valueBytes() + " bytes of values in "
                            + geometry.zoneCount() + " zones of " + geometry.zoneCapacity() + ": " + store.zones(),
                    e);
        }
        // The last value of a key counts.
        final Map<Integer, byte[]> last = new HashMap<>();
        for (int i = 0; i < changed.length; i++) {
            last.put(changed[i], values[i]);
        }
        boolean written = true;
        for (final Map.Entry<Integer, byte[]> change : last.entrySet()) {
            written &= holds(change.getKey(), change.getValue());
        }
        if (written) {
            model.accept();
        } else {
            model.refuse();
            for (final int key : changed) {
                get(key);
            }
        }
    }

    private boolean holds(final int key, final byte[] value) {
        try {
            return Arrays.equals(store.get(keys[key]), value);
        } catch (final ZoneLostException | CorruptionException e) {
            checkSuspect(key, e);
            return false;
        }
    }

    private void checkSuspect(final int key, final ZapKvException e) {
        if (!model.isSuspect(key)) {
            throw new AssertionError("key " + key + " lay in no zone that has gone offline: " + e.getMessage(), e);
        }
        trace.add(15, key, step);
    }

    private void get(final int key) {
        final byte[] found;
        try {
            found = store.get(keys[key]);
        } catch (final ZoneLostException | CorruptionException e) {
            checkSuspect(key, e);
            if (!store.contains(keys[key])) {
                throw new AssertionError("key " + key + " is lost, and absent");
            }
            return;
        }
        trace.add(11, key, found == null ? -1 : found.length);
        if (!Arrays.equals(found, model.value(key))) {
            throw new AssertionError("get of key " + key + " gave "
                    + (found == null ? "nothing" : found.length + " bytes, not the" + " value written last"));
        }
        if (store.contains(keys[key]) != (found != null)) {
            throw new AssertionError("contains of key " + key + " contradicts get");
        }
    }

    private byte[] newValue(final boolean mayBeLarge) {
        final int length;
        if (mayBeLarge && chance(largePerThousand)) {
            length = random.nextInt(blockBytes - 2000, (int) Math.min(store.maxValueBytes(), 5L * blockBytes));
        } else {
            length = random.nextInt(
                    mayBeLarge ? random.nextInt(2, maxValue + 1) : Math.min(maxValue, Math.min(4000, blockBytes / 16)));
        }
        final byte[] value = new byte[length];
        new SplittableRandom(++valuesMade).nextBytes(value);
        return value;
    }

    private boolean chance(final int perThousand) {
        return random.nextInt(1000) < perThousand;
    }

    // ---- lives of the store

    private void recover() {
        while (true) {
            died();
            device = new CrashPointDevice(media, newDevice(), trace);
            if (crashRandom.nextInt(4) == 0) {
                device.arm(
                        1 + crashRandom.nextInt(1 << (1 + crashRandom.nextInt(8))),
                        crashRandom.nextInt(4) == 0 ? SimCrash.POWER : SimCrash.PROCESS,
                        crashRandom);
            }
            try {
                store = ZapKv.open(context());
            } catch (final Throwable t) {
                if (!device.crashed()) {
                    if (isRefusalOfOldMetadata(t)) {
                        over = true;
                        return;
                    }
                    throw t;
                }
                store = null;
                continue;
            }
            if (!device.crashed()) {
                break;
            }
        }
        checkRecovered();
    }

    /// The newest image went offline before another could be written: nobody can open this store any more.
    private boolean isRefusalOfOldMetadata(final Throwable t) {
        return metadataMayBeLost
                && t instanceof final FormatException refusal
                && refusal.getMessage().contains("restore the store from a backup");
    }

    private void died() {
        crashes++;
        zonesCollected += device.zonesReset();
        trace.add(12, step, device.kind().name().hashCode());
        media = device.survivor();
        if (store != null) {
            try {
                store.close();
            } catch (final Throwable ignored) {
                // What a dying process says does not matter; this only gives its memory back.
                trace.add(13);
            }
            store = null;
        }
        cleanEnd = false;
        if (device.kind() == SimCrash.POWER) {
            powerCut = true;
            tornBlocks = true;
            deleteStaging();
        }
    }

    private void open() {
        device = new CrashPointDevice(media, newDevice(), trace);
        store = ZapKv.open(context());
        checkRecovered();
    }

    private void closeCleanly() {
        store.close();
        if (device.crashed()) {
            return;
        }
        store = null;
        zonesCollected += device.zonesReset();
        cleanEnd = true;
        model.flushed();
        final List<Path> left = stagingFiles();
        if (!left.isEmpty()) {
            throw new AssertionError("staging files left behind by a clean close: " + left);
        }
    }

    private SimZoneDevice newDevice() {
        return new SimZoneDevice(media, options, random.split());
    }

    private Context context() {
        return new Context()
                .device(device)
                .threaded(false)
                .blockBytes(blockBytes)
                .memoryBytes(MEMORY_BYTES)
                .checkpointBytes(checkpointBytes)
                .durability(Durability.PROCESS)
                .stagingDirectory(directory)
                .nanoClock(() -> nanos += storeRandom.nextInt(2_000_000))
                .randomSeed(storeRandom::nextLong);
    }

    private List<Path> stagingFiles() {
        try (Stream<Path> files = Files.list(directory)) {
            return files.sorted().toList();
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private void deleteStaging() {
        try {
            for (final Path file : stagingFiles()) {
                Files.delete(file);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    // ---- checks

    private void checkRecovered() {
        final byte[][] found = content();
        final String wrong;
        model.reopened(!cleanEnd);
        if (powerCut) {
            wrong = offlineInThisLife ? model.afterPowerCutWithLoss(found) : model.afterPowerCut(found);
        } else if (cleanEnd) {
            wrong = model.difference(found);
        } else {
            wrong = model.afterProcessCrash(found);
        }
        if (wrong != null) {
            throw new AssertionError(
                    "after " + (powerCut ? "a power cut" : cleanEnd ? "a clean end" : "a crash of the process") + " ("
                            + store.stats().recovery() + "): " + wrong);
        }
        settleSuspects(powerCut || cleanEnd);
        powerCut = false;
        offlineInThisLife = false;
        metadataMayBeLost = false;
        if (store.stats().recovery().contains("; checkpoint ")) {
            fromCheckpoint++;
        }
        checkContent("after opening");
        checkAccounts("after opening");
    }

    /// Whatever is found of a key of which a record was lost is what the key has from now on.
    private void settleSuspects(final boolean durable) {
        for (int key = 0; key < keys.length; key++) {
            if (!model.isSuspect(key)) {
                continue;
            }
            try {
                final String wrong = model.settle(key, store.get(keys[key]), durable);
                if (wrong != null) {
                    throw new AssertionError("after opening: " + wrong);
                }
            } catch (final ZoneLostException | CorruptionException e) {
                model.stillLost(key);
            }
        }
    }

    private byte[][] content() {
        final byte[][] found = new byte[keys.length][];
        try {
            store.forEach((key, value) -> {
                final Integer number = numberOfKey.get(ByteBuffer.wrap(key));
                if (number == null) {
                    throw new AssertionError("a key nobody wrote: " + Arrays.toString(key));
                }
                if (found[number] != null) {
                    throw new AssertionError("key " + number + " was visited twice");
                }
                found[number] = value;
            });
        } catch (final ZoneLostException | CorruptionException e) {
            if (!offline) {
                throw e;
            }
        }
        return found;
    }

    private void checkContent(final String when) {
        final String wrong = model.difference(content());
        if (wrong != null) {
            throw new AssertionError(when + ": " + wrong);
        }
        for (int key = 0; key < keys.length; key++) {
            get(key);
        }
        if (store.count() != model.count()) {
            throw new AssertionError(when + ": count is " + store.count() + " instead of " + model.count());
        }
    }

    private void checkAccounts(final String when) {
        final String wrong = offline ? null : LogAudit.check(device.unguarded(), store.zones());
        if (wrong != null) {
            throw new AssertionError(when + ": " + wrong);
        }
        final StoreStats stats = store.stats();
        if (stats.recovery().contains("DAMAGED") && !tornBlocks) {
            throw new AssertionError(when + ": " + stats.recovery());
        }
        if (stats.keys() != model.count()
                || stats.garbageBytes() < 0
                || (!offline && stats.liveBytes() < model.valueBytes())) {
            throw new AssertionError(when + ": " + stats + " with " + model.count() + " keys and " + model.valueBytes()
                    + " bytes of values");
        }
    }
}
