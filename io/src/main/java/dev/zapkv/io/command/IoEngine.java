/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

/// Positional reads, writes and syncs. Their result is bytes, or 0 for a sync.
public interface IoEngine extends CommandEngine {
    /// Starts a write. May complete short.
    void write(int slot, int fd, long address, int length, long offset, boolean durable, int bufferIndex);

    /// Starts a read. May complete short.
    void read(int slot, int fd, long address, int length, long offset, int bufferIndex);

    /// Starts an {@code fdatasync}.
    void sync(int slot, int fd);
}
