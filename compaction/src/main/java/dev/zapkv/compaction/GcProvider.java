/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.compaction;

import dev.zapkv.store.spi.Collector;
import dev.zapkv.store.spi.CollectorHost;
import dev.zapkv.store.spi.CollectorProvider;

/// Makes collectors; found by the store.
public final class GcProvider implements CollectorProvider {
    /// For the service loader.
    public GcProvider() {}

    @Override
    public Collector create(final CollectorHost host) {
        return new GcAgent(host, new GreedyPolicy(host.zones(), host::mayCollect));
    }
}
