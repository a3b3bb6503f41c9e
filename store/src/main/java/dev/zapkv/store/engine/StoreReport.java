/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.StoreStats;
import dev.zapkv.WritePaths;
import dev.zapkv.ZoneReport;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.checkpoint.CheckpointWriter;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.log.AppendAgent;
import dev.zapkv.store.spi.Collector;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneTable;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/// Figures about an open store. Thread-safe; they are of about the same moment.
final class StoreReport {
    private final StoreParts parts;
    private final ZoneTable zones;
    private final BackgroundScrub scrub;
    private final RecoverySummary recovery;

    /// @param recovery how the store was opened
    StoreReport(final StoreParts parts, final BackgroundScrub scrub, final RecoverySummary recovery) {
        this.scrub = scrub;
        this.parts = parts;
        zones = parts.zones();
        this.recovery = recovery;
    }

    /// Figures at this moment.
    StoreStats stats() {
        final Engine engine = parts.engine();
        final AppendAgent append = parts.append();
        final Collector collector = parts.collector();
        final CheckpointWriter checkpoints = parts.checkpoints();
        final long user = engine.userBytes();
        final long host = append.hostBytes();
        final long relocated = collector.appendedBytes();
        final long written = zones.totalWritten(null);
        final long live = zones.totalLiveBytes();
        final long metadata = parts.metadata().log().appendedBytes();
        final ZoneDevice device = parts.config().device();
        return new StoreStats(
                engine.count(),
                live,
                Math.max(0, written - live),
                parts.metadata().image().capacityBytes(),
                usedBytes(zones),
                parts.index().memoryBytes(),
                (long) append.staging().allocatedSlots() * append.staging().blockBytes(),
                append.young().memoryBytes(),
                parts.stagingFile().path().toString(),
                parts.config().memoryBytes(),
                user,
                host,
                relocated,
                metadata,
                checkpoints.appendedBytes(),
                user == 0 ? 0 : (double) (host + relocated + metadata + checkpoints.appendedBytes()) / user,
                engine.puts(),
                engine.deletes(),
                engine.gets(),
                parts.reader().deviceReads(),
                parts.agent().stalls(),
                collector.zonesCollected(),
                checkpoints.taken(),
                checkpoints.refused(),
                append.flushes(),
                device.capabilities().asynchronousIo(),
                device.counters(),
                new WritePaths(
                        engine.valueBytesCopied(),
                        engine.valueBytesInPlace(),
                        append.bouncedBytes(),
                        (long) append.leases().held() * append.staging().blockBytes(),
                        parts.port().slowestNs()),
                scrub.stats(),
                parts.losses().all(),
                recovery.report(),
                recovery.text() + damage());
    }

    private String damage() {
        final GcHost gcHost = parts.gcHost();
        return gcHost.corruptRecords() == 0
                ? ""
                : "; DAMAGED: " + gcHost.corruptRecords() + " records, first " + gcHost.firstCorruption();
    }

    /// Every zone the store may use; without a bound, those it has used.
    List<ZoneReport> zones() {
        return zones(parts.metadata().image(), zones);
    }

    /// Every zone a store may use; without a bound, those it has used.
    static List<ZoneReport> zones(final MetadataImage image, final ZoneTable zones) {
        final List<ZoneReport> reports = new ArrayList<>();
        // Of a store without a bound nobody wants to see the zones it may have one day.
        final int count = image.capacityBytes() < 0 ? zones.usedZones() : image.zoneLimit();
        for (int zone = 0; zone < count; zone++) {
            final Stream stream = zones.stream(zone);
            reports.add(new ZoneReport(
                    zone,
                    zones.state(zone).name(),
                    stream == null ? "-" : stream.name().toLowerCase(Locale.ROOT),
                    zones.geometry().zoneCapacity(),
                    zones.written(zone),
                    Math.max(0, zones.liveBytes(zone)),
                    zones.generation(zone)));
        }
        return reports;
    }

    /// Bytes of the zones in use, free part included.
    static long usedBytes(final ZoneTable zones) {
        long used = 0;
        for (int zone = 0; zone < zones.usedZones(); zone++) {
            if (zones.state(zone) != ZoneState.EMPTY) {
                used++;
            }
        }
        return used * zones.geometry().zoneCapacity();
    }
}
