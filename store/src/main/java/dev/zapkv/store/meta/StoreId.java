/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.meta;

/// Random identity of a store; every block carries it.
///
/// @param high first half
/// @param low  second half
public record StoreId(long high, long low) {
    @Override
    public String toString() {
        return String.format("%016x%016x", high, low);
    }
}
