/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.LittleEndian;
import java.lang.foreign.MemorySegment;
import java.util.ArrayList;
import java.util.List;
import org.agrona.collections.LongArrayList;

/// Heads and chunks of large values that one thread of a replay has found.
final class FoundLargeValues {
    private static final int CHUNK_FIELDS = 3;

    private final List<Head> heads = new ArrayList<>();
    // Fingerprint, location and chunk set in turn.
    private final LongArrayList chunks = new LongArrayList();

    /// A head.
    ///
    /// @param word     index word that leads to it
    /// @param position its log position
    record Head(long fingerprint, long location, long word, long position, LargeHead head) {}

    /// Receives chunks.
    @FunctionalInterface
    interface ChunkVisitor {
        /// One chunk.
        void chunk(long fingerprint, long location, long chunkSet);
    }

    /// The value of a head; null if it is none.
    static LargeHead decode(final MemorySegment memory, final long value, final int length) {
        final byte[] bytes = new byte[length];
        MemorySegment.copy(memory, LittleEndian.BYTE, value, bytes, 0, length);
        return LargeHead.decode(bytes);
    }

    /// A head was found; whether it counts may not be known yet.
    void head(final long fingerprint, final long location, final long word, final long position, final LargeHead head) {
        heads.add(new Head(fingerprint, location, word, position, head));
    }

    /// A chunk was found: it is needed if its head is found or noted, too, whether or not a checkpoint had it.
    void chunk(final long fingerprint, final long location, final long chunkSet) {
        chunks.addLong(fingerprint);
        chunks.addLong(location);
        chunks.addLong(chunkSet);
    }

    List<Head> heads() {
        return heads;
    }

    void visitChunks(final ChunkVisitor visitor) {
        for (int i = 0; i < chunks.size(); i += CHUNK_FIELDS) {
            visitor.chunk(chunks.getLong(i), chunks.getLong(i + 1), chunks.getLong(i + 2));
        }
    }
}
