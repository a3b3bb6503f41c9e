/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.stress;

import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.PointIndex;
import java.util.concurrent.atomic.AtomicLong;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Arbiter;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.III_Result;

/// A writer publishes a new record while garbage collection moves the old one: the new one wins, and exactly one of
/// the two places of the old one is told to be garbage.
@JCStressTest
@State
@Outcome(id = "1, 0, 3", expect = Expect.ACCEPTABLE, desc = "the writer came first: nothing to move")
@Outcome(id = "2, 1, 3", expect = Expect.ACCEPTABLE, desc = "moved, then replaced")
@Outcome(expect = Expect.FORBIDDEN, desc = "a record is lost, or garbage is counted wrongly")
public class IndexMove {
    private static final PointIndex INDEX = new PointIndex(16, 64 << 20);
    private static final AtomicLong KEYS = new AtomicLong();
    private static final long OLD = IndexEntry.device(4096, 3, false);
    private static final long MOVED = IndexEntry.device(8192, 3, false);
    private static final long NEW = IndexEntry.memory(160, 3, false);

    private final long key = KEYS.incrementAndGet() * 0x9E3779B97F4A7C15L;

    /// A key with an applied record.
    public IndexMove() {
        INDEX.set(key, key, OLD);
    }

    private static int name(final long word) {
        return word == OLD ? 1 : word == MOVED ? 2 : word == NEW ? 3 : -1;
    }

    /// A put.
    @Actor
    public void write(final III_Result result) {
        result.r1 = name(INDEX.publish(key, key, NEW, false));
    }

    /// Garbage collection.
    @Actor
    public void move(final III_Result result) {
        result.r2 = INDEX.replace(key, key, OLD, MOVED) ? 1 : 0;
    }

    /// What is left.
    @Arbiter
    public void end(final III_Result result) {
        final long word = INDEX.get(key, key);
        result.r3 = name(word);
        INDEX.remove(key, key, word);
    }
}
