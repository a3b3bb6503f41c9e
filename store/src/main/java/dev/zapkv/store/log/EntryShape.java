/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;

/// What an index entry says of a record besides its place.
public final class EntryShape {
    private EntryShape() {}

    /// The length of an entry's record and what it is, for {@link IndexEntry#device} and {@link IndexEntry#memory}.
    ///
    /// @param recordLength padding included
    public static int of(final int flags, final int recordLength) {
        return recordLength / IndexEntry.UNIT_BYTES
                | ((flags & RecordFormat.FLAG_LARGE) != 0 ? IndexEntry.LARGE : 0)
                | ((flags & RecordFormat.FLAG_CHUNK) != 0 ? IndexEntry.CHUNK : 0);
    }
}
