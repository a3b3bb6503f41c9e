/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// An engine of a test, with what most of them do not care about.
public interface IdleEngine extends CommandEngine {
    @Override
    default String description() {
        return "scripted";
    }

    @Override
    default Capability priority() {
        return new Capability("priority-class", "accepted", "test", "");
    }

    @Override
    default int unsupportedAttributes() {
        return 0;
    }

    @Override
    default List<Capability> capabilities() {
        return List.of();
    }

    @Override
    default int await(final Completion completion, final long timeoutNs) {
        return poll(completion);
    }

    @Override
    default boolean takeWakeup() {
        return false;
    }

    @Override
    default void wakeup() {}

    @Override
    default long registrationMax() {
        return 0;
    }

    @Override
    default int register(final MemorySegment memory) {
        return -Errno.EOPNOTSUPP;
    }

    @Override
    default void unregister(final int index) {}

    @Override
    default void close() {}
}
