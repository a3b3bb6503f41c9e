/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.fuzz;

import dev.zapkv.StoreOpenTarget;
import dev.zapkv.cli.ArgumentsTarget;
import dev.zapkv.cli.EntryFileTarget;
import dev.zapkv.compaction.CollectionTarget;
import dev.zapkv.io.file.DeviceIdentityTarget;
import dev.zapkv.io.file.ZoneStatesTarget;
import dev.zapkv.io.linux.MountTableTarget;
import dev.zapkv.io.nvme.NvmeProbeTarget;
import dev.zapkv.io.nvme.NvmeReportTarget;
import dev.zapkv.io.zbd.ZoneSurveyTarget;
import dev.zapkv.store.format.BlockTarget;
import dev.zapkv.store.format.CheckpointPartTarget;
import dev.zapkv.store.format.MetadataImageTarget;
import dev.zapkv.store.meta.MetadataLogTarget;
import dev.zapkv.store.read.RecordReaderTarget;
import dev.zapkv.store.recovery.ReplayTarget;
import dev.zapkv.store.recovery.StagingTarget;
import java.util.List;
import java.util.function.Supplier;

/// Every parser under the fuzzer, by the name of its corpus.
final class FuzzTargets {
    private static final List<Named> ALL = List.of(
            new Named("block", BlockTarget::new),
            new Named("metadata-image", MetadataImageTarget::new),
            new Named("checkpoint-part", CheckpointPartTarget::new),
            new Named("metadata-log", MetadataLogTarget::new),
            new Named("replay", ReplayTarget::new),
            new Named("staging", StagingTarget::new),
            new Named("store-open", StoreOpenTarget::new),
            new Named("record-reader", RecordReaderTarget::new),
            new Named("collection", CollectionTarget::new),
            new Named("nvme-report", NvmeReportTarget::new),
            new Named("nvme-probe", NvmeProbeTarget::new),
            new Named("zone-survey", ZoneSurveyTarget::new),
            new Named("mount-table", MountTableTarget::new),
            new Named("zone-states", ZoneStatesTarget::new),
            new Named("device-identity", DeviceIdentityTarget::new),
            new Named("entry-file", EntryFileTarget::new),
            new Named("arguments", ArgumentsTarget::new));

    private record Named(String name, Supplier<FuzzTarget> target) {}

    private FuzzTargets() {}

    static List<String> names() {
        return ALL.stream().map(Named::name).toList();
    }

    /// The name, if there is such a target.
    static String check(final String name) {
        find(name);
        return name;
    }

    static FuzzTarget named(final String name) {
        return find(name).target().get();
    }

    private static Named find(final String name) {
        return ALL.stream()
                .filter(named -> named.name().equals(name))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("no target '" + name + "'; there are " + names()));
    }
}
