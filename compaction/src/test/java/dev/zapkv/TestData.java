/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/// Keys and values that follow from small numbers, so that a test need not remember bytes to check them.
public final class TestData {
    private static final VarHandle LONG = MethodHandles.byteArrayViewVarHandle(long[].class, ByteOrder.LITTLE_ENDIAN);

    private TestData() {}

    /// Key number `id`.
    public static byte[] key(final long id) {
        return ("key-" + id).getBytes(StandardCharsets.UTF_8);
    }

    /// The bytes that version `version` of key number `id` has: no two versions of 16 bytes or more are alike.
    public static byte[] value(final long id, final long version, final int length) {
        final byte[] value = new byte[length];
        fill(value, id, version, length);
        return value;
    }

    /// As {@link #value}, into an array.
    public static void fill(final byte[] value, final long id, final long version, final int length) {
        final SplittableRandom random = new SplittableRandom(id * 1_000_003 + version);
        int at = 0;
        for (; at + 8 <= length; at += 8) {
            LONG.set(value, at, at == 0 ? id : at == 8 ? version : random.nextLong());
        }
        for (; at < length; at++) {
            value[at] = (byte) (id + version + at);
        }
    }

    /// The version that a value of {@link #value} of 16 bytes or more says it has, once all its bytes were checked.
    public static long versionOf(final long id, final byte[] value, final String context) {
        final long version = (long) LONG.get(value, 8);
        assertArrayEquals(value(id, version, value.length), value, () -> context + " key " + id);
        return version;
    }

    /// Puts a value from leased memory.
    public static void putLeased(final ZapKv store, final byte[] key, final byte[] value, final WriteOptions options) {
        try (LargeValue lease = store.lease(value.length)) {
            int at = 0;
            for (final MemorySegment segment : lease.segments()) {
                MemorySegment.copy(value, at, segment, ValueLayout.JAVA_BYTE, 0, (int) segment.byteSize());
                at += (int) segment.byteSize();
            }
            store.put(key, lease, options);
        }
    }

    private static byte[] bytes(final ByteBuffer buffer) {
        final byte[] bytes = new byte[buffer.remaining()];
        buffer.duplicate().get(bytes);
        return bytes;
    }

    /// Checks that a store holds exactly what a model does, by every way of reading there is.
    static void assertHolds(final Map<ByteBuffer, byte[]> model, final ZapKv store, final String context) {
        assertEquals(model.size(), store.count(), () -> context + ": count");
        model.forEach((key, value) -> {
            final byte[] found = store.get(bytes(key));
            assertNotNull(found, () -> context + ": no value for a key of " + key.remaining() + " bytes");
            assertArrayEquals(value, found, () -> context + ": value of a key of " + key.remaining() + " bytes");
            assertTrue(store.contains(bytes(key)), context);
        });
        final Map<ByteBuffer, byte[]> visited = new HashMap<>();
        store.forEach((key, value) ->
                assertNull(visited.put(ByteBuffer.wrap(key), value), () -> context + ": a key was visited twice"));
        assertEquals(model.keySet(), visited.keySet(), () -> context + ": keys visited");
        visited.forEach((key, value) -> assertArrayEquals(model.get(key), value, () -> context + ": value visited"));
    }
}
