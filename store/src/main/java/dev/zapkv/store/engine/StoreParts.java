/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.store.checkpoint.CheckpointWriter;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.AppendAgent;
import dev.zapkv.store.log.DevicePort;
import dev.zapkv.store.log.StagingFile;
import dev.zapkv.store.read.RecordReader;
import dev.zapkv.store.spi.Collector;
import dev.zapkv.zone.ZoneTable;
import org.agrona.CloseHelper;

/// What an open store is made of. While it is being opened parts may be missing (null).
record StoreParts(
        EngineConfig config,
        DevicePort port,
        StoreMetadata metadata,
        ZoneTable zones,
        PointIndex index,
        StagingFile stagingFile,
        AppendAgent append,
        IoAgent agent,
        RecordReader reader,
        LiveRecords live,
        Engine engine,
        GcHost gcHost,
        ZoneLosses losses,
        Collector collector,
        CheckpointWriter checkpoints) {
    /// Releases all. The device first: it completes what is in flight, and after that no buffer is in use.
    void release(final boolean deleteStaging) {
        CloseHelper.closeAll(
                config.device(),
                append,
                collector,
                checkpoints,
                metadata,
                index,
                stagingFile == null || !deleteStaging ? stagingFile : stagingFile::delete);
    }
}
