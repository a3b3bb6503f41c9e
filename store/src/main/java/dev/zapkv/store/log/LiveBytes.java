/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;

/// How many bytes of its zone a record keeps alive, from its index entry alone.
public final class LiveBytes {
    private LiveBytes() {}

    /// Bytes of an entry's record. The entry of a large value's head does not know its length; every such head
    /// counts as if it were relocated, 16 bytes too many at most.
    public static int of(final long entry, final int keyLength) {
        return IndexEntry.isLarge(entry)
                ? RecordFormat.align(RecordFormat.ORIGIN_LENGTH + RecordFormat.length(keyLength, LargeHead.LENGTH))
                : IndexEntry.lengthBytes(entry);
    }
}
