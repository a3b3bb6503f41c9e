/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.zapkv.CorruptionException;
import dev.zapkv.FormatException;
import dev.zapkv.StoreFullException;
import dev.zapkv.checks.fuzz.FuzzInput;
import dev.zapkv.checks.fuzz.FuzzTarget;
import dev.zapkv.checks.fuzz.RawZones;
import dev.zapkv.checks.fuzz.SeedBlock;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.checkpoint.OpeningProgress;
import dev.zapkv.store.checkpoint.OpeningThreads;
import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.MetadataImageTarget;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.meta.MetadataLog;
import dev.zapkv.store.meta.StoreId;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneTable;
import java.util.List;

/// Scan and replay of the data zones: every entry of the index leads into a zone, and live bytes fit what is
/// written.
public final class ReplayTarget implements FuzzTarget {
    private static final MetadataImage IMAGE = MetadataImageTarget.image(true, "");
    private static final StoreId STORE = new StoreId(SeedBlock.STORE_ID_HIGH, SeedBlock.STORE_ID_LOW);
    private static final KeyHash HASH = new KeyHash(IMAGE.hashSeed0(), IMAGE.hashSeed1());
    private static final long INDEX_BYTES = 1 << 20;

    private final RawZones device = new RawZones();

    @Override
    public List<byte[]> seeds() {
        final byte[] chunkKey = new byte[ChunkKey.LENGTH];
        ChunkKey.set(chunkKey, 7, 0);
        final byte[] host = block(Stream.HOST, 5)
                .add(0, key("a"), new byte[20])
                .add(RecordFormat.FLAG_CHUNK, chunkKey, new byte[50])
                .add(RecordFormat.FLAG_LARGE, key("b"), new LargeHead(7, 50, 50).encode())
                .seal(1);
        final byte[] next = block(Stream.HOST, 6)
                .add(RecordFormat.FLAG_TOMBSTONE, key("a"), new byte[0])
                .add(RecordFormat.FLAG_PADDING, key("c"), new byte[5])
                .seal(1);
        final byte[] relocated = block(Stream.GC, 1)
                .add(RecordFormat.FLAG_RELOCATED, key("12345678d"), new byte[9])
                .seal(2);
        return List.of(
                input(0, RawZones.zone(ZoneState.OPEN, host, next), RawZones.zone(ZoneState.FULL, relocated)),
                input(1, RawZones.zone(ZoneState.FULL, next, host), RawZones.zone(ZoneState.EMPTY)),
                input(1, RawZones.zone(ZoneState.READ_ONLY, host), RawZones.zone(ZoneState.OPEN, next, relocated)));
    }

    private static byte[] input(final int flags, final byte[]... zones) {
        return RawZones.concatenated(new byte[] {(byte) flags}, RawZones.concatenated(zones));
    }

    private static SeedBlock block(final Stream stream, final long number) {
        return new SeedBlock(stream, number, IMAGE.blockBytes());
    }

    private static byte[] key(final String text) {
        return text.getBytes(UTF_8);
    }

    @Override
    public void run(final byte[] bytes) {
        final FuzzInput input = new FuzzInput(bytes);
        final boolean repair = (input.u8() & 1) != 0;
        device.load(input, MetadataLog.ZONES, RawZones.GEOMETRY.zoneCount(), repair);
        final ZoneTable zones = new ZoneTable(RawZones.GEOMETRY);
        try (PointIndex index = new PointIndex(1, INDEX_BYTES);
                OpeningThreads threads = new OpeningThreads(1, new OpeningProgress(progress -> {}))) {
            final Replay replay =
                    new Replay(device, IMAGE, STORE, index, HASH, zones, null, null, threads, INDEX_BYTES, () -> 0);
            replay.run();
            replay.dropOrphans(List.of());
            check(index, zones);
        } catch (final CorruptionException | FormatException | StoreFullException e) {
            // as documented
            return;
        }
    }

    private static void check(final PointIndex index, final ZoneTable zones) {
        final long[] entries = new long[4096];
        final int count = index.readShard(0, 0, entries);
        for (int i = 0; i < count; i++) {
            final long address = IndexEntry.deviceAddress(entries[2 * i + 1]);
            final int zone = RawZones.GEOMETRY.zoneOf(address);
            if (zone < MetadataLog.ZONES
                    || zone >= RawZones.GEOMETRY.zoneCount()
                    || RawZones.GEOMETRY.offsetOf(address) >= zones.written(zone)) {
                throw new AssertionError("an entry points at " + address);
            }
        }
        for (int zone = MetadataLog.ZONES; zone < zones.zoneCount(); zone++) {
            if (zones.liveBytes(zone) < 0 || zones.liveBytes(zone) > zones.written(zone)) {
                throw new AssertionError("zone " + zone + " has " + zones.liveBytes(zone) + " live bytes of "
                        + zones.written(zone) + " written");
            }
        }
    }
}
