/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.linearizability;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.zapkv.WriteOptions;
import dev.zapkv.ZapKv;
import org.jetbrains.lincheck.datastructures.IntGen;
import org.jetbrains.lincheck.datastructures.Operation;
import org.jetbrains.lincheck.datastructures.Param;

/// Single operations for Lincheck, which makes an instance for each run of a scenario: all of them use the same keys
/// of one busy store, without a value at first.
@Param(name = "key", gen = IntGen.class, conf = "0:1")
@Param(name = "value", gen = IntGen.class, conf = "1:9")
public final class StoreOperations {
    /// A few of these fill a block.
    private static final int VALUE_BYTES = 5000;
    /// Three chunks.
    private static final int LARGE_BYTES = 150_000;

    private static final byte[][] KEYS = {"key-0".getBytes(UTF_8), "key-1".getBytes(UTF_8)};

    private static volatile ZapKv store;

    /// For one run of a scenario; the run before is over.
    public StoreOperations() {
        for (final byte[] key : KEYS) {
            store.delete(key);
        }
    }

    /// The store of all instances.
    static void use(final ZapKv running) {
        store = running;
    }

    /// A put that waits for nothing.
    @Operation
    public void put(@Param(name = "key") final int key, @Param(name = "value") final int value) {
        store.put(KEYS[key], BusyStore.value(value, value * VALUE_BYTES / 9));
    }

    /// A put whose future is waited for, at a level that takes it to the device.
    @Operation
    public void putAsync(@Param(name = "key") final int key, @Param(name = "value") final int value) {
        store.putAsync(KEYS[key], BusyStore.value(value, VALUE_BYTES), WriteOptions.DEVICE)
                .join();
    }

    /// A put in chunks.
    @Operation
    public void putLarge(@Param(name = "key") final int key, @Param(name = "value") final int value) {
        store.put(KEYS[key], BusyStore.value(value, LARGE_BYTES));
    }

    /// The number of the value, -1 for none.
    @Operation
    public int get(@Param(name = "key") final int key) {
        return BusyStore.number(store.get(KEYS[key]));
    }

    /// 1 for a value, -1 for none.
    @Operation
    public int getInto(@Param(name = "key") final int key) {
        return store.get(KEYS[key], new byte[Integer.BYTES]) < 0 ? -1 : 1;
    }

    /// Whether there is a value.
    @Operation
    public boolean contains(@Param(name = "key") final int key) {
        return store.contains(KEYS[key]);
    }

    /// Whether there was a value.
    @Operation
    public boolean delete(@Param(name = "key") final int key) {
        return store.delete(KEYS[key]);
    }

    /// Takes everything out of staging and to the device.
    @Operation
    public void flush() {
        store.flush();
    }
}
