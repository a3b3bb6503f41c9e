/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.recovery;

import dev.zapkv.bench.ycsb.Quantity;
import picocli.CommandLine.Option;

/// The options on what a measured store holds. Values are checked when they are asked for.
final class StoreOptions {
    private static final long MIB = 1L << 20;

    @Option(
            names = "--records",
            paramLabel = "N",
            defaultValue = "10m",
            description = "Keys, of 16 bytes; k and m for thousand and million (default: ${DEFAULT-VALUE}).")
    private String records = "";

    @Option(
            names = "--value-size",
            paramLabel = "BYTES",
            defaultValue = "100",
            description = "Bytes of each value (default: ${DEFAULT-VALUE}).")
    private String valueSize = "";

    @Option(
            names = "--memory",
            paramLabel = "SIZE",
            defaultValue = "1g",
            description = "Memory budget of an engine (default: ${DEFAULT-VALUE}).")
    private String memory = "";

    long records() {
        return Quantity.count("--records", records, 1, Integer.MAX_VALUE);
    }

    int valueSize() {
        return (int) Quantity.bytes("--value-size", valueSize, 1, MIB);
    }

    long memoryBytes() {
        return Quantity.bytes("--memory", memory, 64 * MIB, Long.MAX_VALUE / 2);
    }
}
