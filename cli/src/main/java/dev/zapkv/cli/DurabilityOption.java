/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.Durability;
import dev.zapkv.WriteOptions;
import picocli.CommandLine.Option;

/// What a write has survived when the command ends.
final class DurabilityOption {
    @Option(
            names = "--durability",
            paramLabel = "LEVEL",
            defaultValue = "flushed",
            description =
                    "What the write has survived when the command ends: process (the process being killed), device"
                            + " (handed to the device), flushed (a power failure). Default: ${DEFAULT-VALUE}.")
    private Durability level;

    DurabilityOption() {}

    Durability level() {
        return level;
    }

    WriteOptions writeOptions() {
        return WriteOptions.DEFAULT.withDurability(level);
    }
}
