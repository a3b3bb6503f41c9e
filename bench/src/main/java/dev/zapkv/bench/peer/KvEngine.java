/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.peer;

import dev.zapkv.io.DeviceCounters;

/// A key-value store under measurement. Every method may be called by several threads at once, {@link #close} by
/// one when the others are done. Arguments are borrowed for the call: an engine copies what it keeps.
public interface KvEngine extends AutoCloseable {
    /// Copies the value of {@code key} into {@code target} as far as it fits.
    ///
    /// @return the length of the value, or -1 if the key is absent
    int read(byte[] key, byte[] target);

    /// Stores a key that is not there yet.
    void insert(byte[] key, byte[] value);

    /// Overwrites a key that is there.
    void update(byte[] key, byte[] value);

    /// Returns when the background work that earlier calls caused has come to rest, or after a bounded time. Forces
    /// nothing that the engine would not do by itself.
    void settle();

    /// Bytes that the engine says it has sent to its device since it was opened, or -1 if it keeps no such count.
    long deviceBytesWritten();

    /// Bytes of the drive in use, or -1 if the engine lies in a directory.
    default long driveBytesUsed() {
        return -1;
    }

    /// What the engine's device did since it was opened.
    default DeviceCounters deviceCounters() {
        return DeviceCounters.NONE;
    }

    /// What the engine says of how it was opened; empty if it says nothing.
    default String opening() {
        return "";
    }

    /// Name and version of the library.
    String version();

    @Override
    void close();
}
