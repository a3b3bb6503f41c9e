/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.Capabilities.Capability;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Carries commands to the driver. A command lies in its slot of the memory the engine was made with ({@link
/// #offset}), and stays there until it completes; the caller has at most one command in each slot, so an engine never
/// is full. Commands complete in any order, inside {@link #poll} and {@link #await} alone.
///
/// One caller at a time, except for {@link #wakeup}.
interface PassthroughEngine {
    /// No registered buffer.
    int UNREGISTERED = -1;
    /// Bytes from one slot's command to the next.
    int STRIDE = 128;

    /// Where a slot's command lies.
    static long offset(final int slot) {
        return (long) slot * STRIDE;
    }

    /// Short description for the capabilities.
    String description();

    /// What was probed.
    List<Capability> capabilities();

    /// Starts the command in a slot.
    ///
    /// @param bufferIndex registered buffer the command's memory lies in, or {@link #UNREGISTERED}
    void start(int slot, int bufferIndex);

    /// Submits, then reports completions that are ready.
    ///
    /// @return number of completions
    int poll(Completion completion);

    /// Submits, then waits once for a completion, a wake-up, the time-out or a signal, then reports completions.
    ///
    /// @return number of completions
    int await(Completion completion, long timeoutNs);

    /// Whether {@link #wakeup} was called since this was last asked.
    boolean takeWakeup();

    /// Makes a present or the next {@link #await} return. Any thread, any time.
    void wakeup();

    /// Largest piece of memory that can be registered as one buffer and used from its start; 0: none can.
    long registrationMax();

    /// Registers memory: index or {@code -errno}.
    int register(MemorySegment memory);

    /// Gives an index back.
    void unregister(int index);

    /// Releases everything; no command is in flight.
    void close();

    /// Receives completions.
    interface Completion {
        /// A command completed. May start further commands.
        ///
        /// @param status 0, a status of the drive (positive), or {@code -errno}
        /// @param result the command's own result, if the status is 0
        void onCommand(int slot, int status, long result);
    }
}
