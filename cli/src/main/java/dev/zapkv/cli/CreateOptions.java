/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.Context;
import picocli.CommandLine.Option;

/// What a store is made with if it does not exist yet.
final class CreateOptions {
    private static final int BLOCK_BYTES = 4096;
    private static final long MIN_ZONE_BYTES = 1L << 20;
    private static final long MAX_ZONE_BYTES = 1L << 30;

    @Option(
            names = "--capacity",
            paramLabel = "SIZE",
            converter = SizeConverter.class,
            description =
                    "Bound a new store to this size, for example 4g. Default: it grows as long as its file system has room.")
    private Long capacityBytes;

    @Option(
            names = "--zone-size",
            paramLabel = "SIZE",
            converter = SizeConverter.class,
            description =
                    "Zone size of a new store, a power of two from 1m to 1g; the largest value has to fit into a zone.")
    private Long zoneSizeBytes;

    CreateOptions() {}

    /// Whether anything is asked of a new store.
    boolean isGiven() {
        return capacityBytes != null || zoneSizeBytes != null;
    }

    /// Checked here as well as by the store, so that the error names the option.
    void apply(final Context context) {
        if (capacityBytes != null && capacityBytes % BLOCK_BYTES != 0) {
            throw CommandException.usage(
                    "--capacity " + capacityBytes + " is not a multiple of the block of " + BLOCK_BYTES + " bytes.");
        }
        if (zoneSizeBytes != null && !isZoneSize(zoneSizeBytes)) {
            throw CommandException.usage("--zone-size " + zoneSizeBytes + " is not a power of two from 1m to 1g.");
        }
        if (zoneSizeBytes != null && capacityBytes != null && zoneSizeBytes > capacityBytes) {
            throw CommandException.usage(
                    "--zone-size " + zoneSizeBytes + " is larger than --capacity " + capacityBytes + '.');
        }
        if (capacityBytes != null) {
            context.capacityBytes(capacityBytes);
        }
        if (zoneSizeBytes != null) {
            context.zoneSizeBytes(zoneSizeBytes);
        }
    }

    private static boolean isZoneSize(final long bytes) {
        return bytes >= MIN_ZONE_BYTES && bytes <= MAX_ZONE_BYTES && Long.bitCount(bytes) == 1;
    }
}
