/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

/// Positional reads, writes and syncs. Their result is bytes, or 0 for a sync.
public interface IoEngine extends CommandEngine {
    /// Starts a write. May complete short.
    ///
    /// @param attributes those of the command: durability and priority are for the engine
    void write(int slot, int fd, long address, int length, long offset, int attributes, int bufferIndex);

    /// Starts a read. May complete short.
    void read(int slot, int fd, long address, int length, long offset, int attributes, int bufferIndex);

    /// Starts an {@code fdatasync}.
    void sync(int slot, int fd);
}
