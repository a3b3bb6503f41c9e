/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/// Values put from leased memory, on any device.
abstract class LargeValueScenario {
    static final long SEED = Long.getLong("zapkv.test.seed", 20261121);
    static final int LENGTH = 700_001;
    private static final int HEAD_BYTES = 24;
    private static final byte[] KEY = TestData.key(1);

    /// An empty store with a memory budget of 32 MiB.
    abstract ZapKv create();

    /// The same store again.
    abstract ZapKv reopen();

    /// Whether its device takes appends from where they lie.
    boolean takesInPlace() {
        return true;
    }

    @Test
    void shouldTakeAValueFromLeasedMemoryWithoutACopy() {
        final byte[] value = TestData.value(1, 1, LENGTH);
        try (ZapKv store = create()) {
            store.put(TestData.key(2), new byte[100]);
            store.flush();
            final StoreStats before = store.stats();
            final LargeValue lease = fill(store.lease(LENGTH), value);
            assertEquals(LENGTH, lease.length());
            assertTrue(store.stats().writePaths().leasedBytes() >= LENGTH);
            assertFalse(lease.isReleased());
            store.put(KEY, lease, WriteOptions.FLUSHED);
            assertTrue(lease.isReleased());
            assertArrayEquals(value, store.get(KEY));
            final StoreStats after = store.stats();
            final LargeValue.Outcome outcome = lease.outcome();
            assertEquals(LENGTH, after.writePaths().valueBytesInPlace());
            assertEquals(100 + HEAD_BYTES, after.writePaths().valueBytesCopied());
            assertEquals(0, after.writePaths().leasedBytes());
            assertTrue(outcome.bytesInPlace() + outcome.bytesCopied() >= LENGTH, outcome.toString());
            assertEquals(takesInPlace(), outcome.bytesCopied() == 0, outcome.toString());
            assertEquals(takesInPlace(), outcome.bytesInPlace() > 0, outcome.toString());
            assertEquals(outcome.bytesCopied(), after.writePaths().bouncedBytes());
            checkDevice(before, after, outcome);
            lease.close();
            assertArrayEquals(value, store.get(KEY));
        }
        try (ZapKv store = reopen()) {
            assertArrayEquals(value, store.get(KEY), store.stats().recovery());
            assertEquals(2, store.count());
        }
    }

    /// What the device's own counters say of it.
    void checkDevice(final StoreStats before, final StoreStats after, final LargeValue.Outcome outcome) {
        final long inPlace = after.device().bytesInPlace() - before.device().bytesInPlace();
        final long copied = after.device().bytesCopied() - before.device().bytesCopied();
        assertTrue(inPlace >= outcome.bytesInPlace(), after.device() + " " + outcome);
        assertTrue(copied >= outcome.bytesCopied(), after.device() + " " + outcome);
        assertEquals(takesInPlace(), copied == 0, after.device().toString());
    }

    @Test
    void shouldReplaceDeleteAndCollectLeasedValuesLikeOthers() {
        final SplittableRandom random = new SplittableRandom(SEED);
        final int[] lengths = new int[6];
        try (ZapKv store = create()) {
            for (int round = 0; round < 60; round++) {
                final int key = random.nextInt(lengths.length);
                lengths[key] = 1 + random.nextInt(random.nextBoolean() ? 1000 : LENGTH);
                final byte[] value = TestData.value(key, lengths[key], lengths[key]);
                final int way = random.nextInt(5);
                if (way == 0) {
                    store.delete(TestData.key(key));
                    lengths[key] = 0;
                } else if (way == 1) {
                    store.put(TestData.key(key), value);
                } else {
                    TestData.putLeased(store, TestData.key(key), value, WriteOptions.DEFAULT);
                }
            }
            store.flush();
            store.collect(0.2);
            check(store, lengths);
        }
        try (ZapKv store = reopen()) {
            check(store, lengths);
            assertFalse(
                    store.stats().recovery().contains("DAMAGED"), store.stats().recovery());
        }
    }

    private static void check(final ZapKv store, final int[] lengths) {
        int count = 0;
        for (int key = 0; key < lengths.length; key++) {
            final byte[] found = store.get(TestData.key(key));
            final String context = "seed " + SEED + " key " + key;
            if (lengths[key] == 0) {
                assertEquals(null, found, context);
            } else {
                count++;
                assertArrayEquals(TestData.value(key, lengths[key], lengths[key]), found, context);
            }
        }
        assertEquals(count, store.count(), "seed " + SEED);
    }

    @Test
    void shouldRefuseEveryUseOfALeaseThatWasPut() {
        final byte[] value = TestData.value(1, 1, LENGTH);
        try (ZapKv store = create()) {
            final LargeValue lease = fill(store.lease(LENGTH), value);
            final MemorySegment segment = lease.segments().getFirst();
            store.put(KEY, lease, WriteOptions.PROCESS);
            assertThrows(IllegalStateException.class, () -> segment.set(ValueLayout.JAVA_BYTE, 0, (byte) 1));
            assertThrows(
                    IllegalStateException.class, () -> segment.asByteBuffer().get(0));
            assertThrows(IllegalStateException.class, lease::segments);
            assertThrows(IllegalStateException.class, () -> store.put(TestData.key(3), lease));
            lease.close();
            assertFalse(store.contains(TestData.key(3)));
            assertArrayEquals(value, store.get(KEY));
            store.flush();
            assertTrue(lease.isReleased());
        }
    }

    @Test
    void shouldRefuseEveryUseOfALeaseThatWasClosed() {
        try (ZapKv store = create()) {
            final LargeValue lease = store.lease(LENGTH);
            final MemorySegment segment = lease.segments().getFirst();
            lease.close();
            lease.close();
            assertThrows(IllegalStateException.class, () -> segment.get(ValueLayout.JAVA_BYTE, 0));
            assertThrows(IllegalStateException.class, () -> store.put(KEY, lease));
            assertThrows(IllegalStateException.class, lease::outcome);
            assertFalse(lease.isReleased());
            assertEquals(0, store.stats().writePaths().leasedBytes());
            assertFalse(store.contains(KEY));
        }
    }

    @Test
    void shouldBoundWhatLeasesHoldAndLetOrdinaryWritesGoOn() {
        final List<LargeValue> leases = new ArrayList<>();
        try (ZapKv store = create()) {
            final LeaseLimitException refused = assertThrows(LeaseLimitException.class, () -> {
                while (leases.size() < 100) {
                    leases.add(store.lease(LENGTH));
                }
            });
            assertTrue(refused.getMessage().contains("put or close some"), refused.getMessage());
            assertTrue(leases.size() > 1);
            for (int i = 0; i < 5000; i++) {
                store.put(TestData.key(i), TestData.value(i, 1, 2000));
            }
            store.flush();
            leases.removeLast().close();
            leases.add(store.lease(LENGTH));
            for (int i = 0; i < leases.size(); i++) {
                fill(leases.get(i), TestData.value(i, 2, LENGTH));
                store.put(TestData.key(10_000 + i), leases.get(i));
            }
            for (int i = 0; i < 5000; i += 7) {
                assertArrayEquals(TestData.value(i, 1, 2000), store.get(TestData.key(i)));
            }
            for (int i = 0; i < leases.size(); i++) {
                assertArrayEquals(TestData.value(i, 2, LENGTH), store.get(TestData.key(10_000 + i)));
            }
            assertEquals(0, store.stats().writePaths().leasedBytes());
        }
    }

    @Test
    void shouldRefuseLengthsThatCannotBeLeased() {
        try (ZapKv store = create()) {
            for (final long length : new long[] {Long.MIN_VALUE, -1, 0, Long.MAX_VALUE, store.maxValueBytes() + 1}) {
                assertThrows(IllegalArgumentException.class, () -> store.lease(length), "length=" + length);
            }
        }
    }

    @Test
    void shouldEndLeasesWithTheStore() {
        final ZapKv store = create();
        final LargeValue lease = store.lease(LENGTH);
        final MemorySegment segment = lease.segments().getFirst();
        store.close();
        assertThrows(IllegalStateException.class, () -> segment.set(ValueLayout.JAVA_BYTE, 0, (byte) 1));
        assertThrows(StoreClosedException.class, () -> store.put(KEY, lease));
        assertThrows(StoreClosedException.class, () -> store.lease(LENGTH));
        lease.close();
    }

    @Test
    void shouldTakeLeasedValuesBetweenOrdinaryOnesOfOtherThreads() throws InterruptedException {
        final int each = 40;
        final List<Throwable> failures = new ArrayList<>();
        try (ZapKv store = create()) {
            final List<Thread> threads = new ArrayList<>();
            for (int t = 0; t < 3; t++) {
                final int thread = t;
                threads.add(Thread.ofPlatform().start(() -> {
                    try {
                        for (int i = 0; i < each; i++) {
                            final byte[] key = TestData.key(thread * each + i);
                            final byte[] value = TestData.value(thread, i, thread == 0 ? 900 : 20_000 + 3000 * i);
                            if (thread == 0) {
                                store.put(key, value);
                            } else {
                                TestData.putLeased(store, key, value, WriteOptions.DEVICE);
                            }
                        }
                    } catch (final RuntimeException | Error e) {
                        synchronized (failures) {
                            failures.add(e);
                        }
                    }
                }));
            }
            for (final Thread thread : threads) {
                thread.join();
            }
            assertEquals(List.of(), failures);
            for (int i = 0; i < 3 * each; i++) {
                final int thread = i / each;
                final int length = thread == 0 ? 900 : 20_000 + 3000 * (i % each);
                assertArrayEquals(TestData.value(thread, i % each, length), store.get(TestData.key(i)), "key " + i);
            }
        }
    }

    static LargeValue fill(final LargeValue lease, final byte[] value) {
        int at = 0;
        for (final MemorySegment segment : lease.segments()) {
            MemorySegment.copy(value, at, segment, ValueLayout.JAVA_BYTE, 0, (int) segment.byteSize());
            at += (int) segment.byteSize();
        }
        assertEquals(value.length, at);
        return lease;
    }
}
