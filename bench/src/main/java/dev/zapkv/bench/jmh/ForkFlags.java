/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.jmh;

/// JVM flags of the processes that JMH forks, as an embedder of ZapKV has to give them.
final class ForkFlags {
    static final String UNSAFE_OPTION = "--add-opens";
    static final String UNSAFE = "java.base/jdk.internal.misc=ALL-UNNAMED";
    static final String NATIVE_ACCESS = "--enable-native-access=ALL-UNNAMED";

    private ForkFlags() {}
}
