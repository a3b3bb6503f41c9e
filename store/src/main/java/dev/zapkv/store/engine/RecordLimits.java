/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.RecordFormat;

/// What fits one append block.
///
/// @param blockBytes length of a block
record RecordLimits(int blockBytes) {
    private int payload() {
        return blockBytes - BlockFormat.HEADER_LENGTH;
    }

    /// Longest value that is stored in one record, in bytes.
    int maxInlineValue(final int keyLength) {
        return payload() - RecordFormat.length(keyLength, 0) - RecordFormat.ORIGIN_LENGTH - RecordFormat.ALIGNMENT;
    }

    /// Bytes of a batch's records that fit one block.
    int maxBatchBytes() {
        // A batch may be a single record, which must still fit a block when it is relocated.
        return payload() - RecordFormat.ORIGIN_LENGTH - RecordFormat.ALIGNMENT;
    }

    /// Longest key in bytes: the head of a large value must fit a block with it.
    int maxKeyLength() {
        return Math.min(RecordFormat.MAX_KEY_LENGTH, maxInlineValue(0) - LargeHead.LENGTH);
    }
}
