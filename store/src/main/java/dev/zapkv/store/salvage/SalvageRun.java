/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.salvage;

import dev.zapkv.EntryConsumer;
import dev.zapkv.FormatException;
import dev.zapkv.Salvage;
import dev.zapkv.SalvageReport;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.StagingCopy;
import java.lang.foreign.Arena;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.function.LongSupplier;

/// One salvage: the three readings, and the report on them.
public final class SalvageRun implements AutoCloseable {
    private static final long MEMORY_PER_SHARD = 4L << 20;
    private static final long MAX_SHARDS = 4096;
    private static final int MAX_NAMED_KEYS = 1000;

    private final SourceZones source;
    private final String name;
    private final LongSupplier nanoClock;
    private final long startedNs;
    private final BlockScan scan;
    private final PointIndex index;
    private final KeyHash hash;
    private final StagingSearch stagingSearch;
    private final Arena arena = Arena.ofConfined();
    private StoreTraces store;
    private StagingCopy staging;
    private volatile Extraction extraction;
    private volatile String phase = "survey";
    private final long bytesToRead;

    /// @param source      closed by the caller
    /// @param name        what messages call it
    /// @param memoryBytes bound of the index of keys
    /// @param candidates  directories where staging files may be
    /// @param randomSeed  secret of the index
    /// @param nanoClock   monotonic time in nanoseconds
    public SalvageRun(
            final SourceZones source,
            final String name,
            final long memoryBytes,
            final List<Path> candidates,
            final LongSupplier randomSeed,
            final LongSupplier nanoClock) {
        this.source = source;
        this.name = name;
        this.nanoClock = nanoClock;
        startedNs = nanoClock.getAsLong();
        final int shards = (int) Math.clamp(Long.highestOneBit(memoryBytes / MEMORY_PER_SHARD), 1, MAX_SHARDS);
        index = new PointIndex(shards, Math.min(memoryBytes, shards * PointIndex.MAX_SHARD_BYTES));
        final long secret = randomSeed.getAsLong();
        hash = new KeyHash(secret, ~secret);
        stagingSearch = new StagingSearch(candidates);
        scan = new BlockScan(source);
        bytesToRead = scan.bytesToRead();
    }

    /// The first reading.
    ///
    /// @param wanted identity of the store, or null
    /// @param path   of the staging file, or null
    /// @param force  whether a store whose metadata can be read may be salvaged
    public void survey(final String wanted, final Path path, final boolean force) {
        final Survey survey = new Survey();
        survey.run(scan, source.metadataElsewhere());
        store = survey.choose(name, wanted);
        if (store.hasPresentMetadata() && !force) {
            throw new FormatException("the metadata of the store on " + name
                    + " can be read: open it as usual. If it cannot be opened all the same, or if that is what you"
                    + " want, salvage it by force (--force, Salvage.force)");
        }
        staging = path == null ? stagingSearch.find(store, arena) : stagingSearch.use(path, store, arena);
    }

    /// Length of the store's blocks, or 0.
    public int blockBytes() {
        return store.blockBytes();
    }

    /// The second and the third reading. Done once.
    public SalvageReport extract(final EntryConsumer consumer) {
        if (extraction != null) {
            throw new IllegalStateException("a salvage is done once: make a new one");
        }
        final StoreRecords records = new StoreRecords(scan, store, staging);
        final NewestRecords newest = new NewestRecords(index, hash);
        phase = "newest records";
        final List<Long> incomplete = newest.find(records);
        extraction = new Extraction(source, staging, newest);
        phase = "entries";
        extraction.run(records, consumer);
        return report(records, incomplete);
    }

    private SalvageReport report(final StoreRecords records, final List<Long> incomplete) {
        final List<byte[]> named = new ArrayList<>();
        for (final long place : incomplete.subList(0, Math.min(incomplete.size(), MAX_NAMED_KEYS))) {
            final byte[] key = extraction.keyAt(place);
            if (key != null) {
                named.add(key);
            }
        }
        final List<String> problems = new ArrayList<>(source.problems());
        problems.addAll(stagingSearch.problems());
        if (extraction.unreadableLargeValues() > 0) {
            problems.add(extraction.unreadableLargeValues()
                    + " large values could be read at first and not in the end: the device is failing, try again");
        }
        final boolean damaged = records.damagedBlocks() > 0
                || scan.unreadableBytes() > 0
                || !scan.unreadableZones().isEmpty()
                || !incomplete.isEmpty()
                || extraction.unreadableLargeValues() > 0;
        return new SalvageReport(
                store.id().toString(),
                store.blockBytes(),
                source.zoneCount(),
                scan.unreadableZones(),
                scan.unreadableBytes(),
                records.blocks(),
                records.leftOverBlocks(),
                records.voidBlocks(),
                records.damagedBlocks(),
                records.damagedPlaces(),
                records.cutBatches(),
                records.records(),
                staging == null ? "" : staging.path().toString(),
                records.stagedRecords(),
                extraction.keys(),
                extraction.bytes(),
                extraction.largeValues(),
                extraction.deletedKeys(),
                named,
                incomplete.size() + extraction.unreadableLargeValues(),
                store.hasPresentMetadata(),
                problems,
                Unknowns.of(store, source.statesKnown(), staging, damaged),
                index.memoryBytes(),
                nanoClock.getAsLong() - startedNs);
    }

    /// How far it is. Callable from any thread.
    public Salvage.Status status() {
        final Extraction present = extraction;
        return new Salvage.Status(phase, scan.bytesRead(), bytesToRead, present == null ? 0 : present.keys());
    }

    @Override
    public void close() {
        scan.close();
        index.close();
        arena.close();
        if (extraction != null) {
            extraction.close();
        }
    }
}
