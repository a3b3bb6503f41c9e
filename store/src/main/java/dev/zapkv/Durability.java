/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// What a write has survived once it returns. Levels are ordered: each includes the ones before it.
public enum Durability {
    /// Committed to shared-memory staging: survives the process being killed. As RocksDB with {@code sync=false}.
    PROCESS,
    /// Appended to the device and applied to the index: as {@link #PROCESS}, and out of the process's hands; whether
    /// it survives a power failure depends on the device's volatile cache.
    DEVICE,
    /// Appended and flushed: survives a power failure. As RocksDB with {@code sync=true}; concurrent writers share
    /// flushes.
    FLUSHED
}
