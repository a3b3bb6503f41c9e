/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.spi;

/// Garbage collection as the store sees it. All methods are called by the I/O agent.
public interface Collector extends AutoCloseable {
    /// A bounded amount of work.
    ///
    /// @return amount done; 0 if there is nothing to do now
    int doWork();

    /// Whether no zone could be emptied with a gain: if writers are out of zones as well, the store is full.
    boolean isExhausted();

    /// Whether it can do nothing before a zone is emptied or the log goes on: there is nothing to collect, or what
    /// is being collected waits for these, or for the device. Not while it is held or waits for live records.
    boolean isBlocked();

    /// Whether what was read to be relocated waits for a zone.
    boolean isOutOfRoom();

    /// Begins to relocate no further record while held; what was begun is brought to its end.
    void hold(boolean hold);

    /// Whether every record that was relocated has its place and its index entry.
    boolean isQuiet();

    /// Collects every full zone whose garbage is at least this share of what was written to it, once.
    ///
    /// @param minGarbageRatio 0 to 1
    void request(double minGarbageRatio);

    /// Whether a request is still being worked on.
    boolean isRequested();

    /// A read begun through {@link CollectorHost#read} has completed.
    ///
    /// @param result bytes read, or {@code -errno}
    void onRead(long id, long result);

    /// An append begun through {@link CollectorHost#append} has completed.
    ///
    /// @param result device address, or {@code -errno}
    void onAppend(long id, long result);

    /// Zones emptied so far.
    long zonesCollected();

    /// Bytes appended for relocation so far, headers and padding included.
    long appendedBytes();

    /// Releases memory. No command is in flight.
    @Override
    void close();
}
