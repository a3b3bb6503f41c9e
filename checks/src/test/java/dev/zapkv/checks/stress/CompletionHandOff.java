/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.stress;

import dev.zapkv.Context;
import dev.zapkv.WriteOptions;
import dev.zapkv.ZapKv;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import java.util.SplittableRandom;
import org.openjdk.jcstress.annotations.Actor;
import org.openjdk.jcstress.annotations.Expect;
import org.openjdk.jcstress.annotations.JCStressTest;
import org.openjdk.jcstress.annotations.Outcome;
import org.openjdk.jcstress.annotations.State;
import org.openjdk.jcstress.infra.results.II_Result;

/// Two writers wait for the device in a store without a thread of its own: whichever drives the agent hands the other
/// its completion, or the drive. One that is forgotten waits for ever, and the run ends with a time-out.
@JCStressTest
@State
@Outcome(id = "1, 1", expect = Expect.ACCEPTABLE, desc = "both are told")
@Outcome(expect = Expect.FORBIDDEN, desc = "told before the value is there")
public class CompletionHandOff {
    private static final byte[] ONE = {1};
    private static final byte[] TWO = {2};
    private static final ZapKv STORE = ZapKv.open(new Context()
            .device(new SimZoneDevice(
                    new SimMedia(new ZoneGeometry(4096, 256 << 10, 192 << 10, 48, 0, 0, 64 << 10)),
                    SimOptions.DEFAULT,
                    new SplittableRandom(1)))
            .memoryBytes(32 << 20)
            .blockBytes(64 << 10)
            .threaded(false));

    private static int write(final byte[] key, final WriteOptions level) {
        STORE.put(key, key, level);
        return STORE.contains(key) ? 1 : 0;
    }

    /// Waits until its block is appended and applied.
    @Actor
    public void first(final II_Result result) {
        result.r1 = write(ONE, WriteOptions.DEVICE);
    }

    /// Waits until its block is flushed.
    @Actor
    public void second(final II_Result result) {
        result.r2 = write(TWO, WriteOptions.FLUSHED);
    }
}
