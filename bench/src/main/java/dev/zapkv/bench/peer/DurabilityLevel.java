/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.peer;

import java.util.Locale;

/// What a write has survived when it returns; each engine maps it to its own settings.
public enum DurabilityLevel {
    /// The process being killed.
    PROCESS,
    /// Handed to the device, whose volatile cache decides the rest.
    DEVICE,
    /// Power loss.
    FLUSHED;

    /// The name on the command line.
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT);
    }
}
