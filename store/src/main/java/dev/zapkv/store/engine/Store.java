/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.EntryConsumer;
import dev.zapkv.StoreStats;
import dev.zapkv.ZoneReport;
import java.util.List;

/// What an open store offers to those who read. Thread-safe.
public sealed interface Store extends AutoCloseable permits OpenStore, ReadOnlyStore {
    /// Gets.
    Reads reads();

    /// Largest value in bytes.
    long maxValueBytes();

    /// Visits every entry.
    void forEach(EntryConsumer consumer);

    /// Figures at this moment.
    StoreStats stats();

    /// Every zone the store may use; without a bound, those it has used.
    List<ZoneReport> zones();

    /// Whether {@link #close} has begun.
    boolean isClosed();

    @Override
    void close();
}
