/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

/// Zone states (Zoned Namespace Command Set Specification, zone state machine). Implicitly and explicitly open are
/// one here.
public enum ZoneState {
    /// Nothing written since the last reset.
    EMPTY,
    /// Being written; uses an open and an active resource.
    OPEN,
    /// Partly written; uses an active resource.
    CLOSED,
    /// No further append is possible before a reset.
    FULL,
    /// Readable, never writable again.
    READ_ONLY,
    /// Neither readable nor writable.
    OFFLINE;

    /// Whether a zone in this state uses an active resource of the device: partly written, and more can be appended.
    public boolean isActive() {
        return this == OPEN || this == CLOSED;
    }
}
