/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.index;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.charset.StandardCharsets;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

class KeyHashTest {
    private static final long SEED = 7;
    private static final int LONGEST = 65_536;
    private static final long FINGERPRINT = 0xb868_bc7a_31bb_8bf0L;
    private static final long LOCATION = 0xe243_ba54_978e_f358L;

    private final KeyHash hash = new KeyHash(0x1234_5678_9ABC_DEF0L, 42);
    private final byte[] bytes = new byte[LONGEST + 16];

    KeyHashTest() {
        new SplittableRandom(SEED).nextBytes(bytes);
    }

    @Test
    void shouldHashArraysAndNativeMemoryAlike() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment memory = nativeCopy(arena);
            for (int length = 0; length <= LONGEST; length += length < 1100 ? 1 : 4_957) {
                final int offset = length % 16;
                assertEquals(
                        hash.fingerprint(bytes, offset, length),
                        hash.fingerprint(memory, offset, length),
                        "length=" + length);
                assertEquals(
                        hash.location(bytes, offset, length),
                        hash.location(memory, offset, length),
                        "length=" + length);
            }
        }
    }

    @Test
    void shouldGiveTheSameHashesOnEveryRun() {
        final byte[] key = "a key".getBytes(StandardCharsets.UTF_8);
        // Stored secrets are only as good as this: a release of the hash library that changes it must not be taken.
        assertEquals(FINGERPRINT, hash.fingerprint(key, 0, key.length));
        assertEquals(LOCATION, hash.location(key, 0, key.length));
    }

    @Test
    void shouldDependOnTheSecretAndOnEveryByte() {
        final KeyHash other = new KeyHash(1, 2);
        for (int length = 1; length < 600; length++) {
            assertNotEquals(hash.fingerprint(bytes, 0, length), other.fingerprint(bytes, 0, length));
            assertNotEquals(hash.location(bytes, 0, length), other.location(bytes, 0, length));
            assertNotEquals(hash.fingerprint(bytes, 0, length), hash.location(bytes, 0, length));
            final long before = hash.fingerprint(bytes, 0, length);
            bytes[length / 2] ^= 1;
            assertNotEquals(before, hash.fingerprint(bytes, 0, length), "length=" + length);
        }
    }

    @Test
    void shouldRefuseTwoEqualHalvesOfTheSecret() {
        assertThrows(IllegalArgumentException.class, () -> new KeyHash(5, 5));
    }

    @Test
    void shouldAllocateNothing() {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment memory = nativeCopy(arena);
            final int[] lengths = {0, 3, 8, 16, 24, 100, 200, 241, 1000, 5000};
            final long allocated = Allocation.leastBytesOf(20, 20_000, i -> {
                final int length = lengths[i % lengths.length];
                return hash.fingerprint(bytes, 1, length)
                        ^ hash.location(bytes, 1, length)
                        ^ hash.fingerprint(memory, 1, length)
                        ^ hash.location(memory, 1, length);
            });
            assertTrue(allocated < Allocation.NOISE_BYTES, "80,000 hashes allocated " + allocated + " bytes");
        }
    }

    private MemorySegment nativeCopy(final Arena arena) {
        final MemorySegment memory = arena.allocate(bytes.length);
        MemorySegment.copy(bytes, 0, memory, ValueLayout.JAVA_BYTE, 0, bytes.length);
        return memory;
    }
}
