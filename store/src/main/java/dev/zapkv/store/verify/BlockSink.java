/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;

/// Receives the blocks of a zone in the order they lie.
interface BlockSink {
    /// A block whose checksums hold.
    ///
    /// @param offset of its header
    /// @param at     offset of its header in the zone
    void block(MemorySegment memory, ByteBuffer view, int offset, int zone, long at);

    /// A block whose header holds and whose payload does not.
    void damagedPayload(MemorySegment memory, ByteBuffer view, int offset, Suspect suspect);
}
