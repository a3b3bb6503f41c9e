/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// A reader copies a record from staging while its slot is released and filled with other records: it finds the
/// record, or notices.
@JCStressTest
@State
@Outcome(id = "0, (0|1)", expect = Expect.ACCEPTABLE, desc = "found, or gone")
@Outcome(expect = Expect.FORBIDDEN, desc = "another record was taken for this one")
public class StagingReuse {
    private static final StressLog LOG = new StressLog(1);
    private static volatile long newest = LOG.write();

    /// Agent and writer in one: the newest block leaves, and the next one overwrites it at once.
    @Actor
    public void replace(final II_Result result) {
        result.r1 = Math.min(0, LOG.work(true));
        newest = LOG.write();
    }

    /// A reader with an entry that is being outdated.
    @Actor
    public void read(final II_Result result) {
        result.r2 = LOG.read(newest);
    }
}
