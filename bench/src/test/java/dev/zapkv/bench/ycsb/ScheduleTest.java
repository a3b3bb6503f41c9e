/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.concurrent.atomic.AtomicBoolean;
import org.HdrHistogram.Histogram;
import org.junit.jupiter.api.Test;
import site.ycsb.WorkloadException;
import site.ycsb.measurements.Measurements;
import site.ycsb.workloads.CoreWorkload;

class ScheduleTest {
    private static final long MS = 1_000_000;
    private static final int VALUE_SIZE = 10;

    private final FakeClock clock = new FakeClock();

    @Test
    void shouldGiveEachThreadItsTurnOfOneSequence() {
        final Schedule first = schedule(500, 0, 2);
        final Schedule second = schedule(500, 1, 2);
        assertEquals(0, first.intendedStartNs(0));
        assertEquals(2 * MS, second.intendedStartNs(0));
        assertEquals(4 * MS, first.intendedStartNs(1));
        assertEquals(6 * MS, second.intendedStartNs(1));
    }

    @Test
    void shouldNotDriftAtRatesThatDoNotDivideASecond() {
        assertEquals(1_000_000_000L, schedule(3, 0, 1).intendedStartNs(3));
        assertEquals(7_000_000_000L, schedule(7, 0, 1).intendedStartNs(49));
    }

    @Test
    void shouldWaitUntilTheIntendedStart() {
        assertEquals(5 * MS, schedule(1_000, 0, 1).await(5));
        assertTrue(clock.now() >= 5 * MS, "clock at " + clock.now());
        assertTrue(clock.now() < 5 * MS + 1_000, "clock at " + clock.now());
    }

    @Test
    void shouldNotWaitWhenItIsLate() {
        clock.advance(100 * MS);
        assertEquals(5 * MS, schedule(1_000, 0, 1).await(5));
        assertNear(100 * MS, clock.now(), 1_000);
    }

    @Test
    void shouldCountTheTimeThatOperationsWaitForAStalledOne() throws WorkloadException {
        final long stallNs = 100 * MS;
        final StallingEngine engine = new StallingEngine(clock, stallNs);
        final Worker worker = worker(engine, 200);
        worker.runOpenLoop(schedule(1_000, 0, 1));
        final Histogram latencies = worker.latencies();
        assertEquals(200, latencies.getTotalCount());
        assertNear(stallNs, latencies.getMaxValue(), stallNs / 500);
        // Operation n was meant to start n milliseconds into the stall and waited for the rest of it.
        assertNear(50, latencies.getCountBetweenValues(50 * MS + MS / 2, Long.MAX_VALUE), 1);
        assertNear(100, latencies.getCountBetweenValues(MS / 2, Long.MAX_VALUE), 1);
    }

    @Test
    void shouldCountTheStallOnceInAClosedLoop() throws WorkloadException {
        final Worker worker = worker(new StallingEngine(clock, 100 * MS), 200);
        worker.runClosedLoop();
        assertEquals(1, worker.latencies().getCountBetweenValues(MS / 2, Long.MAX_VALUE));
    }

    private Schedule schedule(final long operationsPerSecond, final int thread, final int threads) {
        return new Schedule(clock, clock::advance, 0, operationsPerSecond, thread, threads);
    }

    private Worker worker(final StallingEngine engine, final long operations) throws WorkloadException {
        Measurements.setProperties(WorkloadKind.C.properties(100, operations, VALUE_SIZE));
        final CoreWorkload workload = new CoreWorkload();
        workload.init(WorkloadKind.C.properties(100, operations, VALUE_SIZE));
        return new Worker(workload, new EngineDb(engine, VALUE_SIZE, clock), false, operations, new AtomicBoolean());
    }

    private static void assertNear(final long expected, final long actual, final long tolerance) {
        assertTrue(
                Math.abs(expected - actual) <= tolerance,
                "expected=" + expected + " actual=" + actual + " tolerance=" + tolerance);
    }
}
