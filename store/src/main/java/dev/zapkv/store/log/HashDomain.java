/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

/// Keeps chunk keys apart from users' keys that happen to have the same bytes.
public final class HashDomain {
    private static final long CHUNK = 0x5A41_504B_5643_4855L;

    private HashDomain() {}

    /// The fingerprint in the domain of chunks or of users' keys.
    public static long of(final long fingerprint, final boolean chunk) {
        return chunk ? fingerprint ^ CHUNK : fingerprint;
    }
}
