/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.peer;

import dev.zapkv.Durability;
import java.util.Arrays;
import java.util.Locale;

/// The engines by their name on the command line.
public enum EngineKind {
    /// ZapKV on a directory.
    ZAPKV,
    /// RocksDB, see {@link RocksEngine}.
    ROCKSDB,
    /// RocksDB with values in blob files.
    ROCKSDB_BLOB,
    /// No store at all: what the driver itself costs.
    NONE;

    /// The engine of that name.
    public static EngineKind named(final String name) {
        for (final EngineKind kind : values()) {
            if (kind.toString().equals(name)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("no engine is called '" + name + "'; known: " + String.join(", ", names()));
    }

    private static String[] names() {
        return Arrays.stream(values()).map(EngineKind::toString).toArray(String[]::new);
    }

    /// Opens a store.
    public KvEngine open(final EngineConfig config) {
        return switch (this) {
            case ZAPKV -> ZapKvEngine.open(config);
            case ROCKSDB -> RocksEngine.open(config, false);
            case ROCKSDB_BLOB -> RocksEngine.open(config, true);
            case NONE -> new NoneEngine();
        };
    }

    /// Whether it is something to compare ZapKV with.
    public boolean isPeer() {
        return this == ROCKSDB || this == ROCKSDB_BLOB;
    }

    /// How the engine does what was asked for, if its answer is not an exact one; empty otherwise.
    public String durabilityNote(final Durability level) {
        return switch (this) {
            case ROCKSDB, ROCKSDB_BLOB ->
                level == Durability.DEVICE
                        ? "RocksDB has no level 'device'; it runs with sync=true, which also flushes the device's cache"
                        : "";
            case ZAPKV, NONE -> "";
        };
    }

    /// The name on the command line.
    @Override
    public String toString() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }
}
