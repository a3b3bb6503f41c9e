/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

/// What is answered from the index and the records it points at. Thread-safe.
public sealed interface Reads permits Engine, ReadOnlyReads {
    /// The value of a key, or null.
    byte[] get(byte[] key);

    /// Copies the value of a key as far as it fits; its whole length, or -1.
    int get(byte[] key, byte[] into);

    /// Whether a key has a value; from the index alone.
    boolean contains(byte[] key);

    /// Keys with a value.
    long count();

    /// Longest key in bytes.
    int maxKeyLength();

    /// Bytes of a batch's records that fit one block.
    int maxBatchBytes();
}
