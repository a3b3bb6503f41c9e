/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zbd;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.Capabilities;
import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.command.AttributeCapabilities;
import dev.zapkv.io.command.IoEngine;
import dev.zapkv.io.command.IoEngines;
import dev.zapkv.io.command.LifetimeHints;
import dev.zapkv.io.linux.KernelRelease;
import dev.zapkv.io.linux.SysfsDirectory;
import dev.zapkv.io.sequential.AppendLimit;
import dev.zapkv.io.sequential.QueueCapabilities;
import dev.zapkv.io.sequential.ZoneWriteDepth;
import java.util.ArrayList;
import java.util.List;

/// Puts together what a zoned block device can do.
final class ZbdCapabilities {
    private ZbdCapabilities() {}

    static Capabilities describe(
            final BlockNode node,
            final ZoneSurvey survey,
            final ZoneGeometry geometry,
            final IoEngine engine,
            final AsyncIo wanted,
            final ZoneWriteDepth depth,
            final AppendLimit limit,
            final boolean locked,
            final LifetimeHints hints) {
        final SysfsDirectory queue = node.queue();
        final List<Capability> details = new ArrayList<>();
        details.add(new Capability("node", node.path().toString(), "given", ""));
        details.add(new Capability("kernel", KernelRelease.running().release(), "uname", ""));
        details.add(IoEngines.capability(engine, wanted));
        details.add(new Capability("zone-model", "host-managed", queue.path() + "/zoned", ""));
        details.add(new Capability(
                "zones", survey.range() + " of " + survey.driveZones(), "BLKGETNRZONES, BLKREPORTZONE", ""));
        details.add(new Capability(
                "conventional-zones",
                Integer.toString(survey.conventional().size()),
                "BLKREPORTZONE",
                survey.conventional().isEmpty() ? "" : "they have no write pointer: not for appends"));
        details.add(new Capability("zone-size", Long.toString(geometry.zoneSize()), "BLKGETZONESZ", ""));
        details.add(new Capability("zone-capacity", Long.toString(geometry.zoneCapacity()), "BLKREPORTZONE", ""));
        details.add(new Capability(
                "block-size",
                Integer.toString(geometry.blockSize()),
                "the larger of BLKSSZGET and " + queue.path() + "/zone_write_granularity",
                ""));
        details.add(limit("max-open", geometry.maxOpen(), queue, "max_open_zones", survey.openOutside()));
        details.add(limit("max-active", geometry.maxActive(), queue, "max_active_zones", survey.activeOutside()));
        details.add(limit.capability());
        details.add(new Capability(
                "append",
                "emulated",
                "the block layer has no append for programs",
                "direct write at the write pointer"));
        details.addAll(depth.capabilities());
        details.addAll(QueueCapabilities.of(queue));
        details.add(new Capability(
                "synchronous-reads", "direct", "by design", "unaligned ones go through a bounce buffer"));
        details.add(new Capability("exclusive", "claimed", "open with O_EXCL", ""));
        details.add(new Capability(
                "lock",
                locked ? "exclusive" : "none",
                "flock on the node",
                locked ? "" : "the claim alone keeps others away; device managers may look at the drive"));
        details.add(count("zones-read-only", survey, ZoneState.READ_ONLY));
        details.add(count("zones-offline", survey, ZoneState.OFFLINE));
        details.addAll(AttributeCapabilities.of(engine, hints, "a write of the block layer carries none"));
        details.addAll(engine.capabilities());
        return new Capabilities("zbd", false, QueueCapabilities.hasVolatileCache(queue), engine.description(), details);
    }

    private static Capability limit(
            final String name, final int left, final SysfsDirectory queue, final String attribute, final int outside) {
        return new Capability(
                name,
                left == 0 ? "unlimited" : Integer.toString(left),
                queue.path() + "/" + attribute
                        + (left == 0 || outside == 0 ? "" : ", less " + outside + " zones outside the range"),
                "");
    }

    private static Capability count(final String name, final ZoneSurvey survey, final ZoneState state) {
        int count = 0;
        for (final ZoneInfo zone : survey.zones()) {
            count += zone.state() == state ? 1 : 0;
        }
        return new Capability(name, Integer.toString(count), "BLKREPORTZONE", count == 0 ? "" : "not used");
    }
}
