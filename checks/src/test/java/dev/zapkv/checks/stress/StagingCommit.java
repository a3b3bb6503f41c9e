/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.stress;

import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// Writers claim, fill and commit places while the agent seals blocks, takes those that are committed, and reuses their
/// slots: what it takes is complete.
@JCStressTest
@State
@Outcome(id = "1, (0|1)", expect = Expect.ACCEPTABLE, desc = "no block, or a complete one")
@Outcome(expect = Expect.FORBIDDEN, desc = "a block was taken before its records were there")
public class StagingCommit {
    private static final StressLog LOG = new StressLog(2);

    /// A writer, twice.
    @Actor
    public void write(final II_Result result) {
        LOG.write();
        LOG.write();
        result.r1 = 1;
    }

    /// The agent.
    @Actor
    public void seal(final II_Result result) {
        int worst = 1;
        int done = 0;
        for (int i = 0; i < 3; i++) {
            final int taken = LOG.work(i == 0);
            worst = Math.min(worst, taken < 0 ? -1 : 1);
            done = Math.max(done, taken);
        }
        result.r2 = worst < 0 ? -1 : done;
    }
}
