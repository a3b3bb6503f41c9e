/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.bench.peer.EngineKind;
import java.util.List;
import org.junit.jupiter.api.Test;

class SummaryTest {
    @Test
    void shouldTakeTheMiddleOfAnOddNumberOfValues() {
        assertEquals(3, Summary.median(9, 1, 3));
        assertEquals(7, Summary.median(7));
    }

    @Test
    void shouldTakeTheMeanOfTheTwoMiddleValuesOfAnEvenNumber() {
        assertEquals(2.5, Summary.median(9, 1, 2, 3));
    }

    @Test
    void shouldHaveNoMedianWhereAValueDoesNotApply() {
        assertTrue(Double.isNaN(Summary.median(1, Double.NaN, 2)));
    }

    @Test
    void shouldTakeEachMedianByItselfAndKeepTheSpread() {
        final Summary summary = Summary.of(
                EngineKind.ROCKSDB,
                List.of(
                        Results.phase(WorkloadKind.A, 1_000, 1_000_000_000L, 5_000),
                        Results.phase(WorkloadKind.A, 1_000, 500_000_000L, 9_000),
                        Results.phase(WorkloadKind.A, 1_000, 250_000_000L, 7_000)));
        assertEquals(3, summary.repetitions());
        assertEquals(2_000, summary.opsPerSec());
        assertEquals(1_000, summary.opsPerSecMin());
        assertEquals(4_000, summary.opsPerSecMax());
        assertEquals(7.0, summary.meanUs());
        assertEquals(2.0, summary.writeAmplification());
        assertEquals(1.5, summary.spaceAmplification());
        assertEquals(4.0, summary.cpuUsPerOp());
    }

    @Test
    void shouldDivideByTheFirstPeer() {
        final Comparison comparison = new Comparison(List.of(EngineKind.NONE, EngineKind.ROCKSDB));
        comparison.add(EngineKind.ROCKSDB, Results.phase(WorkloadKind.C, 1_000, 1_000_000_000L, 5_000));
        comparison.add(EngineKind.NONE, Results.phase(WorkloadKind.C, 1_000, 200_000_000L, 5_000));
        final List<Summary> summaries = comparison.summaries();
        assertEquals(EngineKind.NONE, summaries.getFirst().engine());
        assertEquals(5.0, comparison.ratio(summaries.getFirst()), 1e-9);
        assertEquals(1.0, comparison.ratio(summaries.getLast()), 1e-9);
    }

    @Test
    void shouldHaveNoRatioWithoutAPeer() {
        final Comparison comparison = new Comparison(List.of(EngineKind.ROCKSDB));
        comparison.add(EngineKind.ROCKSDB, Results.phase(WorkloadKind.C, 1_000, 1_000_000_000L, 5_000));
        assertTrue(Double.isNaN(comparison.ratio(comparison.summaries().getFirst())));
    }
}
