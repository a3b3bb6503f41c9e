/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zonefs;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.Capabilities;
import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneRange;
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

/// Puts together what a zonefs can do.
final class ZonefsCapabilities {
    private ZonefsCapabilities() {}

    static Capabilities describe(
            final ZonefsMount mount,
            final ZoneRange range,
            final int conventional,
            final List<ZoneInfo> zones,
            final ZoneGeometry geometry,
            final ZonefsLimits limits,
            final IoEngine engine,
            final AsyncIo wanted,
            final ZoneWriteDepth depth,
            final AppendLimit append,
            final Capability synchronousWrites,
            final LifetimeHints hints) {
        final SysfsDirectory queue = mount.disk().directory("queue");
        final List<Capability> details = new ArrayList<>();
        details.add(new Capability("mount-point", mount.path().toString(), "given", ""));
        details.add(new Capability("mounted-device", mount.mount().source(), "/proc/self/mounts", ""));
        details.add(new Capability("kernel", KernelRelease.running().release(), "uname", ""));
        details.add(IoEngines.capability(engine, wanted));
        details.add(synchronousWrites);
        final String errors = ZonefsMount.errors(mount.mount());
        details.add(new Capability(
                "errors",
                errors,
                "/proc/self/mounts",
                errors.equals(ZonefsMount.REPAIR) ? "" : "a failed write makes its zone read-only"));
        details.add(new Capability(
                "explicit-open",
                mount.mount().options().contains("explicit-open") ? "yes" : "not said",
                "/proc/self/mounts",
                "files are open for writing only while their zones are open"));
        details.add(new Capability("zones", range + " of " + mount.zones(), "size of the directory seq", ""));
        details.add(new Capability(
                "conventional-zones",
                Integer.toString(conventional),
                "size of the directory cnv",
                conventional > 0 || mount.conventionalFiles() == 0
                        ? ""
                        : "left out: they belong to who uses all sequential files"));
        details.add(new Capability(
                "zone-size", Long.toString(geometry.zoneSize()), "next power of two", "for addresses only"));
        details.add(new Capability("zone-capacity", Long.toString(geometry.zoneCapacity()), "statx: blocks", ""));
        details.add(new Capability("block-size", Integer.toString(geometry.blockSize()), "statfs", ""));
        details.add(limit("max-open", geometry.maxOpen(), limits, limits.openOutside()));
        details.add(limit("max-active", geometry.maxActive(), limits, limits.activeOutside()));
        details.add(append.capability());
        details.add(new Capability("append", "emulated", "zonefs tells no address", "direct write at the file's end"));
        details.addAll(depth.capabilities());
        details.addAll(QueueCapabilities.of(queue));
        details.add(new Capability(
                "synchronous-reads", "direct", "by design", "unaligned ones go through a bounce buffer"));
        details.add(new Capability(
                "exclusive", "advisory", "flock on the first file", "others may write to the files or the drive"));
        details.add(count("zones-read-only", zones, ZoneState.READ_ONLY));
        details.add(count("zones-offline", zones, ZoneState.OFFLINE));
        details.addAll(AttributeCapabilities.of(engine, hints, "a file carries none"));
        details.addAll(engine.capabilities());
        return new Capabilities(
                "zonefs", false, QueueCapabilities.hasVolatileCache(queue), engine.description(), details);
    }

    private static Capability limit(final String name, final int left, final ZonefsLimits limits, final int outside) {
        return new Capability(
                name,
                left == 0 ? "unlimited" : Integer.toString(left),
                limits.learnedBy() + (left == 0 || outside == 0 ? "" : ", less " + outside + " used by others"),
                "");
    }

    private static Capability count(final String name, final List<ZoneInfo> zones, final ZoneState state) {
        int count = 0;
        for (final ZoneInfo zone : zones) {
            count += zone.state() == state ? 1 : 0;
        }
        return new Capability(name, Integer.toString(count), "statx: mode", count == 0 ? "" : "not used");
    }
}
