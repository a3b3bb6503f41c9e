/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import org.junit.jupiter.api.Test;
import site.ycsb.ByteArrayByteIterator;
import site.ycsb.ByteIterator;
import site.ycsb.RandomByteIterator;
import site.ycsb.Status;

class EngineDbTest {
    private final MapEngine engine = new MapEngine();
    private final FakeClock clock = new FakeClock();
    private final EngineDb database = new EngineDb(engine, 100, clock);

    @Test
    void shouldStoreExactlyTheFieldAndReadItBack() {
        final byte[] value = "x".repeat(100).getBytes(StandardCharsets.ISO_8859_1);
        assertEquals(Status.OK, database.insert("t", "user1", Map.of("field0", new ByteArrayByteIterator(value))));
        assertArrayEquals(value, engine.value("user1"));
        final Map<String, ByteIterator> found = new HashMap<>();
        assertEquals(Status.OK, database.read("t", "user1", Set.of(), found));
        assertArrayEquals(value, found.get("field0").toArray());
        assertEquals(105, database.userBytes());
        assertEquals(105, database.insertedBytes());
    }

    @Test
    void shouldCountUpdatesAsWrittenButNotAsInserted() {
        database.insert("t", "user1", Map.of("field0", new RandomByteIterator(100)));
        database.update("t", "user1", Map.of("field0", new RandomByteIterator(100)));
        assertEquals(210, database.userBytes());
        assertEquals(105, database.insertedBytes());
        assertEquals(0, database.errors());
    }

    @Test
    void shouldCountAnAbsentKeyAsAnError() {
        assertEquals(Status.NOT_FOUND, database.read("t", "user7", Set.of(), new HashMap<>()));
        assertEquals(1, database.errors());
        assertEquals("key not found: user7", database.firstError());
    }

    @Test
    void shouldCountAValueOfAnotherLengthAsAnError() {
        engine.insert("user7".getBytes(StandardCharsets.ISO_8859_1), new byte[99]);
        database.read("t", "user7", Set.of(), new HashMap<>());
        assertEquals(1, database.errors());
        assertTrue(database.firstError().contains("length"), database.firstError());
    }

    @Test
    void shouldAddUpTheEngineTimeOfOneTransaction() {
        engine.onCall(() -> clock.advance(1_000));
        database.begin();
        database.insert("t", "user1", Map.of("field0", new RandomByteIterator(100)));
        clock.advance(50_000);
        database.read("t", "user1", Set.of(), new HashMap<>());
        assertNear(2_000, database.engineNs(), 10);
        database.begin();
        database.read("t", "user1", Set.of(), new HashMap<>());
        assertNear(1_000, database.engineNs(), 10);
    }

    private static void assertNear(final long expected, final long actual, final long tolerance) {
        assertTrue(
                Math.abs(expected - actual) <= tolerance,
                "expected=" + expected + " actual=" + actual + " tolerance=" + tolerance);
    }
}
