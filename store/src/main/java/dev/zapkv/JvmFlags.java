/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import org.agrona.concurrent.UnsafeBuffer;

/// Finds out early whether the JVM was started with the flags the store needs, so that an embedder who forgot them
/// reads one sentence instead of an error from the depths.
final class JvmFlags {
    /// The flags, as to be given on the command line.
    static final String NEEDED =
            "--add-opens java.base/jdk.internal.misc=ALL-UNNAMED --enable-native-access=ALL-UNNAMED";

    private JvmFlags() {}

    static void check() {
        if (!System.getProperty("os.name").equals("Linux")) {
            throw new ConfigurationException("ZapKV runs on 64-bit Linux, this is " + System.getProperty("os.name"));
        }
        try {
            new UnsafeBuffer(new byte[Long.BYTES]).putLong(0, 1);
        } catch (final IllegalAccessError | ExceptionInInitializerError | NoClassDefFoundError e) {
            throw new ConfigurationException(
                    "the JVM lacks flags that ZapKV needs; start it with: " + NEEDED
                            + " (on the module path: --add-opens java.base/jdk.internal.misc=org.agrona"
                            + " --enable-native-access=dev.zapkv.io)",
                    e);
        }
    }
}
