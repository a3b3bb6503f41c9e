/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// Receives entries of a store.
@FunctionalInterface
public interface EntryConsumer {
    /// One entry; the arrays belong to the receiver.
    void accept(byte[] key, byte[] value);
}
