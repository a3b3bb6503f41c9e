/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import java.util.Objects;

/// Options of one write. Immutable and thread-safe; make one and reuse it. New options are added here, so that no
/// caller breaks.
public final class WriteOptions {
    /// The store's own defaults.
    public static final WriteOptions DEFAULT = new WriteOptions(null);

    /// {@link Durability#PROCESS}.
    public static final WriteOptions PROCESS = new WriteOptions(Durability.PROCESS);

    /// {@link Durability#DEVICE}.
    public static final WriteOptions DEVICE = new WriteOptions(Durability.DEVICE);

    /// {@link Durability#FLUSHED}.
    public static final WriteOptions FLUSHED = new WriteOptions(Durability.FLUSHED);

    private final Durability durability;

    private WriteOptions(final Durability durability) {
        this.durability = durability;
    }

    /// These options with another durability level.
    public WriteOptions withDurability(final Durability level) {
        return new WriteOptions(Objects.requireNonNull(level, "level"));
    }

    /// The level asked for, or {@code storeDefault} if none was.
    Durability durabilityOr(final Durability storeDefault) {
        return durability == null ? storeDefault : durability;
    }
}
