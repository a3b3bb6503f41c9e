/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.Capabilities.Capability;
import java.util.List;

/// How the attributes of commands are answered, for the capabilities.
public final class AttributeCapabilities {
    private AttributeCapabilities() {}

    /// One capability per attribute that is not described elsewhere.
    ///
    /// @param lifetimes  where lifetimes go
    /// @param protection how it was learned that there is no protection information
    public static List<Capability> of(
            final CommandEngine engine, final LifetimeHints lifetimes, final String protection) {
        return List.of(
                engine.priority(),
                lifetimes.capability(),
                new Capability("protection", "unsupported", protection, "the store's own checksums, verified by reads"),
                new Capability("command-timing", "accepted", "clock of the host", ""));
    }
}
