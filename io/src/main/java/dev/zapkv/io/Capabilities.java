/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

import java.util.List;

/// What a device can do.
///
/// @param backend        short name: {@code file}, {@code sim}, …
/// @param nativeAppend   the device itself chooses the append address; else it is emulated
/// @param volatileCache  completed appends may be lost by a power failure until a flush
/// @param asynchronousIo {@code io_uring} or the name of the fall-back in use
/// @param details        every probed item, in a stable order
public record Capabilities(
        String backend, boolean nativeAppend, boolean volatileCache, String asynchronousIo, List<Capability> details) {
    /// Copies the list.
    public Capabilities {
        details = List.copyOf(details);
    }

    /// One probed item.
    ///
    /// @param name      stable name, kebab-case
    /// @param value     what was found
    /// @param learnedBy how: the call, file or setting asked
    /// @param fallback  what is done instead, or empty if nothing is missing
    public record Capability(String name, String value, String learnedBy, String fallback) {}
}
