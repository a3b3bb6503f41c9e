/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

/// One key with its value, as read from a file. The arrays belong to the receiver.
final class Entry {
    private final byte[] key;
    private final byte[] value;

    Entry(final byte[] key, final byte[] value) {
        this.key = key;
        this.value = value;
    }

    byte[] key() {
        return key;
    }

    byte[] value() {
        return value;
    }
}
