/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.Capabilities.Capability;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Carries positional reads, writes and syncs to the kernel. A command is named by its slot; the caller has
/// at most one command in each slot, so an engine never is full. Commands complete in any order, inside
/// {@link #poll} and {@link #await} alone.
///
/// One caller at a time, except for {@link #wakeup}.
public interface IoEngine {
    /// No registered buffer.
    int UNREGISTERED = -1;

    /// Short description for the capabilities.
    String description();

    /// What was probed.
    List<Capability> capabilities();

    /// Starts a write. May complete short.
    void write(int slot, int fd, long address, int length, long offset, boolean durable, int bufferIndex);

    /// Starts a read. May complete short.
    void read(int slot, int fd, long address, int length, long offset, int bufferIndex);

    /// Starts an {@code fdatasync}.
    void sync(int slot, int fd);

    /// Submits, then reports completions that are ready.
    ///
    /// @return number of completions
    int poll(IoCompletion completion);

    /// Submits, then waits once for a completion, a wake-up, the time-out or a signal, then reports
    /// completions.
    ///
    /// @return number of completions
    int await(IoCompletion completion, long timeoutNs);

    /// Whether {@link #wakeup} was called since this was last asked.
    boolean takeWakeup();

    /// Makes a present or the next {@link #await} return. Any thread, any time.
    void wakeup();

    /// Registers memory: index or {@code -errno}.
    int register(MemorySegment memory);

    /// Gives an index back.
    void unregister(int index);

    /// Releases everything; no command is in flight.
    void close();

    /// Receives completions.
    interface IoCompletion {
        /// A command completed with bytes or {@code -errno}. May start further commands.
        void onIo(int slot, int result);
    }
}
