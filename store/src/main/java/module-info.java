/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// The store: public API in {@code dev.zapkv}, everything else internal.
module dev.zapkv {
    requires transitive dev.zapkv.io;
    requires dev.zapkv.zone;
    requires com.dynatrace.hash4j;
    requires org.agrona;
    requires jdk.management;

    exports dev.zapkv;
    exports dev.zapkv.store.spi to
            dev.zapkv.compaction;
    exports dev.zapkv.store.format to
            dev.zapkv.compaction,
            dev.zapkv.bench;
    exports dev.zapkv.store.index to
            dev.zapkv.compaction,
            dev.zapkv.bench;
    exports dev.zapkv.store.engine to
            dev.zapkv.bench;
    exports dev.zapkv.store.meta to
            dev.zapkv.bench;
    exports dev.zapkv.store.log to
            dev.zapkv.compaction,
            dev.zapkv.bench;

    uses dev.zapkv.store.spi.CollectorProvider;
}
