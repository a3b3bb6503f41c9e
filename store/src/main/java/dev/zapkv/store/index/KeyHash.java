/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.index;

import com.dynatrace.hash4j.hashing.ByteAccess;
import com.dynatrace.hash4j.hashing.Hasher64;
import com.dynatrace.hash4j.hashing.Hashing;
import java.lang.foreign.MemorySegment;

/// The 128-bit hash of a key under a store's secret: two XXH3 hashes of 64 bits with two secret seeds.
///
/// The *location* chooses the shard of a {@link PointIndex}, the *fingerprint* is what is compared within that shard.
/// Two keys are taken for one if all 64 bits of their fingerprints and the upper `log2(S)` bits of their locations
/// agree, with S the number of shards. Among n keys this happens somewhere with a probability of about
/// `n² / (2 · 2⁶⁴ · S)`:
///
/// | keys | S = 64   | S = 256  | S = 1024 |
/// |------|----------|----------|----------|
/// | 10⁷  | 4.2·10⁻⁸ | 1.1·10⁻⁸ | 2.6·10⁻⁹ |
/// | 10⁸  | 4.2·10⁻⁶ | 1.1·10⁻⁶ | 2.6·10⁻⁷ |
/// | 10⁹  | 4.2·10⁻⁴ | 1.1·10⁻⁴ | 2.6·10⁻⁵ |
///
/// A collision is never answered with the wrong value, since every read verifies the whole key; but the key written
/// later takes the entry of the earlier one, unless the writer looks at the record it replaces.
///
/// The secret keeps clients who choose keys from aiming at one shard or bucket by way of a published hash function.
/// XXH3 is no cryptographic function: whoever can observe hashes or precise timing may still find colliding keys.
///
/// Little-endian processors only. Allocates nothing; safe for use by many threads.
public final class KeyHash {
    private static final ByteAccess<MemorySegment> NATIVE = ByteAccess.forMemorySegment(MemorySegment.class);

    private final Hasher64 fingerprint;
    private final Hasher64 location;

    /// A hash under a secret, which must be the same for the life of a store.
    ///
    /// @param fingerprintSecret the first half of the store's secret
    /// @param locationSecret the second half, different from the first
    public KeyHash(final long fingerprintSecret, final long locationSecret) {
        if (fingerprintSecret == locationSecret) {
            throw new IllegalArgumentException(
                    "both halves of the hash secret are the same: generate a random secret of 128 bits");
        }
        fingerprint = Hashing.xxh3_64(fingerprintSecret);
        location = Hashing.xxh3_64(locationSecret);
    }

    /// What is compared within a shard. Any value, 0 included.
    public long fingerprint(final byte[] key, final int offset, final int length) {
        return fingerprint.hashBytesToLong(key, offset, length);
    }

    /// What chooses the shard.
    public long location(final byte[] key, final int offset, final int length) {
        return location.hashBytesToLong(key, offset, length);
    }

    /// The same as for an array of the same bytes.
    public long fingerprint(final MemorySegment memory, final long offset, final long length) {
        return fingerprint.hashBytesToLong(memory, offset, length, NATIVE);
    }

    /// The same as for an array of the same bytes.
    public long location(final MemorySegment memory, final long offset, final long length) {
        return location.hashBytesToLong(memory, offset, length, NATIVE);
    }
}
