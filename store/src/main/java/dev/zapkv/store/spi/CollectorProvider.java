/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.spi;

/// Found by {@link java.util.ServiceLoader}: makes the garbage collector of a store.
public interface CollectorProvider {
    /// A collector for one open store.
    Collector create(CollectorHost host);
}
