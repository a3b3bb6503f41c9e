/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.Capabilities.Capability;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Carries commands to the kernel. A command is named by its slot; the caller has at most one command in each slot, so
/// an engine never is full. Commands complete in any order, inside {@link #poll} and {@link #await} alone. Subtypes
/// say how a command is started.
///
/// One caller at a time, except for {@link #wakeup}.
public interface CommandEngine {
    /// No registered buffer.
    int UNREGISTERED = -1;

    /// Short description for the capabilities.
    String description();

    /// How commands' priority class is answered: {@code priority-class}.
    Capability priority();

    /// Attributes that no command can have.
    int unsupportedAttributes();

    /// What was probed.
    List<Capability> capabilities();

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

    /// Gives an index back. Does nothing after {@link #close}.
    void unregister(int index);

    /// Releases everything; no command is in flight.
    void close();

    /// Receives completions.
    @FunctionalInterface
    interface Completion {
        /// A command completed. May start further commands.
        ///
        /// @param result what the engine's commands result in, or {@code -errno}
        /// @param extra  second result of commands that have one, else 0
        void onCommand(int slot, int result, long extra);
    }
}
