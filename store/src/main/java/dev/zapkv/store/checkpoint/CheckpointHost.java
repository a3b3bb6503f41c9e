/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.checkpoint;

import dev.zapkv.store.format.CheckpointRef;
import dev.zapkv.store.format.ChunkSetNote;
import java.util.List;

/// The store as checkpoints see it. Belongs to the I/O agent.
public interface CheckpointHost {
    /// Holds garbage collection, or lets it go on.
    void holdCollector(boolean hold);

    /// Whether no relocation is under way.
    boolean isCollectorQuiet();

    /// Number of the next gc block.
    long nextGcBlock();

    /// Bytes appended for writers and by garbage collection so far.
    long loggedBytes();

    /// Large values at this moment, those being written included.
    List<ChunkSetNote> chunkSets();

    /// Makes these the checkpoints that the store may be opened from, durably.
    void commit(List<CheckpointRef> checkpoints);

    /// Empties a zone, durably.
    void retire(int zone);
}
