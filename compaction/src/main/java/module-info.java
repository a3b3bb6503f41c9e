/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// Garbage collection of whole zones. Nothing is exported: the store finds it through {@link
/// java.util.ServiceLoader}.
module dev.zapkv.compaction {
    requires dev.zapkv;
    requires dev.zapkv.zone;

    provides dev.zapkv.store.spi.CollectorProvider with
            dev.zapkv.compaction.GcProvider;
}
