/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// Benchmarks: the YCSB core driving ZapKV and its peers, and JMH measurements of the pieces that decide the speed.
module dev.zapkv.bench {
    requires HdrHistogram;
    requires com.fasterxml.jackson.core;
    requires core;
    requires dev.zapkv;
    requires dev.zapkv.io;
    requires info.picocli;
    requires java.management;
    requires jdk.management;
    requires jmh.core;
    requires rocksdbjni;

    opens dev.zapkv.bench to
            info.picocli;
    opens dev.zapkv.bench.jmh to
            info.picocli;
    opens dev.zapkv.bench.recovery to
            info.picocli;
    opens dev.zapkv.bench.ycsb to
            info.picocli;
}
