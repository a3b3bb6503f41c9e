/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.read;

/// Where records may lie in memory. Any thread; no locks.
public interface RecentRecords {
    /// Finds the record of an index entry in memory, and notes in the context where it lies.
    ///
    /// @return false if it does not lie there; of a memory entry: it lies elsewhere by now, look it up again
    boolean locate(long entry, ReadContext context);

    /// Whether what was copied since the last {@link #locate} is what was located.
    boolean stillHolds(ReadContext context);
}
