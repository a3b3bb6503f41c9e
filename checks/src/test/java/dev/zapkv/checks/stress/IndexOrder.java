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

/// A put and a delete of a new key publish in any order, while shards grow: the later in the log wins.
@JCStressTest
@State
@Outcome(id = "0, 1, 2", expect = Expect.ACCEPTABLE, desc = "in the order of the log")
@Outcome(id = "9, 0, 2", expect = Expect.ACCEPTABLE, desc = "the later one first: the earlier one is refused")
@Outcome(expect = Expect.FORBIDDEN, desc = "the order of the log is not kept")
public class IndexOrder {
    private static final int KEYS_PER_INDEX = 1 << 16;
    private static final AtomicLong KEYS = new AtomicLong();
    private static final long EARLIER = IndexEntry.memory(160, 3, false);
    private static final long LATER = IndexEntry.memory(320, 3, true);

    private static PointIndex current = new PointIndex(1, 64 << 20);

    private final long key;
    private final PointIndex index;

    /// A key of an index that is exchanged now and then, so that there is always one that grows.
    public IndexOrder() {
        final long number = KEYS.incrementAndGet();
        key = number * 0x9E3779B97F4A7C15L;
        index = index(number);
    }

    private static synchronized PointIndex index(final long number) {
        if (number % KEYS_PER_INDEX == 0) {
            current = new PointIndex(1, 64 << 20);
        }
        return current;
    }

    private static int name(final long word) {
        return word == 0 ? 0 : word == EARLIER ? 1 : word == LATER ? 2 : word == PointIndex.REFUSED_OLDER ? 9 : -1;
    }

    /// A put.
    @Actor
    public void put(final III_Result result) {
        result.r1 = name(index.publish(key, key, EARLIER, false));
    }

    /// A delete behind it in the log.
    @Actor
    public void delete(final III_Result result) {
        result.r2 = name(index.publish(key, key, LATER, false));
    }

    /// What is left.
    @Arbiter
    public void end(final III_Result result) {
        result.r3 = name(index.get(key, key));
    }
}
