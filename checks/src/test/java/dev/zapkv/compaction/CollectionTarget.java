/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.compaction;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.zapkv.checks.fuzz.FuzzInput;
import dev.zapkv.checks.fuzz.FuzzTarget;
import dev.zapkv.checks.fuzz.RawZones;
import dev.zapkv.checks.fuzz.SeedBlock;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.meta.MetadataLog;
import dev.zapkv.zone.Stream;
import java.util.List;

/// Garbage collection of a zone that holds any bytes: it ends, emptied or refused, and every record it takes lies
/// within the zone.
public final class CollectionTarget implements FuzzTarget {
    private static final int STEPS_MAX = 10_000;

    private final RawZones device = new RawZones();

    @Override
    public List<byte[]> seeds() {
        final byte[] host = new SeedBlock(Stream.HOST, 5, CollectionHost.BLOCK_BYTES)
                .add(0, "live".getBytes(UTF_8), new byte[20])
                .add(RecordFormat.FLAG_TOMBSTONE, "gone".getBytes(UTF_8), new byte[0])
                .add(RecordFormat.FLAG_PADDING, "none".getBytes(UTF_8), new byte[5])
                .seal(0);
        final byte[] relocated = new SeedBlock(Stream.GC, 1, CollectionHost.BLOCK_BYTES)
                .add(RecordFormat.FLAG_RELOCATED, "12345678live".getBytes(UTF_8), new byte[900])
                .seal(0);
        return List.of(
                RawZones.concatenated(new byte[] {0, 0}, RawZones.zone(ZoneState.FULL, host, relocated)),
                RawZones.concatenated(new byte[] {1, 3}, RawZones.zone(ZoneState.FULL, host, host)),
                RawZones.concatenated(new byte[] {1, 1}, RawZones.zone(ZoneState.READ_ONLY, relocated, host)));
    }

    @Override
    public void run(final byte[] bytes) {
        final FuzzInput input = new FuzzInput(bytes);
        final boolean repair = (input.u8() & 1) != 0;
        final int form = input.u8();
        device.load(input, MetadataLog.ZONES, MetadataLog.ZONES + 1, repair);
        try (CollectionHost host = new CollectionHost(device, form)) {
            final ZoneCollection collection = host.collection(MetadataLog.ZONES);
            for (int step = 0; !collection.isOver(); step++) {
                if (step == STEPS_MAX) {
                    throw new AssertionError("the collection does not end");
                }
                collection.doWork();
                host.complete();
            }
        }
    }
}
