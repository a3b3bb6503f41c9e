/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.ScrubStats;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.verify.DamagedEntries;
import dev.zapkv.store.verify.ScrubHost;
import dev.zapkv.store.verify.Scrubber;
import dev.zapkv.zone.Stream;
import dev.zapkv.zone.ZoneTable;

/// The scrub of an open store, if one was asked for.
final class BackgroundScrub implements ScrubHost, AutoCloseable {
    private final StoreParts parts;
    private final ZoneTable zones;
    private Scrubber scrubber;

    private BackgroundScrub(final StoreParts parts) {
        this.parts = parts;
        zones = parts.zones();
    }

    /// Sets it going if the configuration says so.
    static BackgroundScrub start(final StoreParts parts) {
        final BackgroundScrub scrub = new BackgroundScrub(parts);
        final EngineConfig config = parts.config();
        if (config.scrubBytesPerSecond() > 0 && config.threaded()) {
            final MetadataImage image = parts.metadata().image();
            final KeyHash hash = new KeyHash(image.hashSeed0(), image.hashSeed1());
            scrub.scrubber = new Scrubber(
                    scrub,
                    config.device(),
                    parts.metadata().log().storeId(),
                    image.blockBytes(),
                    config.scrubBytesPerSecond(),
                    config.nanoClock(),
                    config.scrubListener(),
                    new DamagedEntries(config.device(), parts.index(), hash),
                    "zapkv-scrub " + config.name());
            scrub.scrubber.start();
        }
        return scrub;
    }

    @Override
    public int usedZones() {
        return parts.agent().exclusively(zones::usedZones);
    }

    /// Zones of metadata are short-lived, and read whenever the store is opened.
    @Override
    public Full full(final int zone) {
        return parts.agent().exclusively(() -> {
            final boolean full = zones.state(zone) == ZoneState.FULL || zones.state(zone) == ZoneState.READ_ONLY;
            final boolean settled =
                    zones.newestHostBlock(zone) <= parts.append().frontier();
            if (!full || !settled || zones.stream(zone) == null || zones.stream(zone) == Stream.METADATA) {
                return null;
            }
            final ZoneInfo info = parts.config().device().report(zone);
            return info.state() == ZoneState.OFFLINE ? null : new Full(info, zones.generation(zone));
        });
    }

    ScrubStats stats() {
        return scrubber == null ? ScrubStats.NONE : scrubber.stats();
    }

    @Override
    public void close() {
        if (scrubber != null) {
            scrubber.close();
        }
    }
}
