/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.store.checkpoint.CheckpointHost;
import dev.zapkv.store.format.CheckpointRef;
import dev.zapkv.store.format.ChunkSetNote;
import dev.zapkv.store.log.AppendAgent;
import dev.zapkv.store.spi.Collector;
import java.util.List;

/// The store's side of checkpoints. Belongs to the I/O agent.
record CheckpointSide(AppendAgent append, GcHost gcHost, Collector collector, ChunkSets sets, StoreMetadata metadata)
        implements CheckpointHost {
    @Override
    public void holdCollector(final boolean hold) {
        collector.hold(hold);
    }

    @Override
    public boolean isCollectorQuiet() {
        return collector.isQuiet();
    }

    @Override
    public long nextGcBlock() {
        return gcHost.nextBlock();
    }

    @Override
    public long loggedBytes() {
        return append.hostBytes() + collector.appendedBytes();
    }

    @Override
    public List<ChunkSetNote> chunkSets() {
        return sets.snapshot();
    }

    @Override
    public void commit(final List<CheckpointRef> checkpoints) {
        metadata.commit(checkpoints);
    }

    @Override
    public void retire(final int zone) {
        metadata.retire(zone);
    }
}
