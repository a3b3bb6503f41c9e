/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sim;

/// How a simulated device behaves.
///
/// @param queueDepth            commands that may be in flight
/// @param delayPollsMax         a command waits for a random number of polls up to this, before it is worked
///                              on and again after
/// @param appendFailures        of {@code appendFailuresPer} appends so many fail, on average
/// @param appendFailuresPer     denominator of the failure ratio
public record SimOptions(int queueDepth, int delayPollsMax, int appendFailures, int appendFailuresPer) {
    /// Reorders and delays, fails nothing.
    public static final SimOptions DEFAULT = new SimOptions(64, 3, 0, 1);

    /// Checks the range of each value.
    public SimOptions {
        if (queueDepth < 1 || delayPollsMax < 0) {
            throw new IllegalArgumentException(
                    "queueDepth=" + queueDepth + " must be positive, delayPollsMax=" + delayPollsMax + " not negative");
        }
        if (appendFailuresPer < 1 || appendFailures < 0 || appendFailures > appendFailuresPer) {
            throw new IllegalArgumentException(
                    "append failures " + appendFailures + "/" + appendFailuresPer + " are no ratio from 0 to 1");
        }
    }

    /// The same with another queue depth.
    public SimOptions withQueueDepth(final int value) {
        return new SimOptions(value, delayPollsMax, appendFailures, appendFailuresPer);
    }

    /// The same with another delay.
    public SimOptions withDelayPollsMax(final int value) {
        return new SimOptions(queueDepth, value, appendFailures, appendFailuresPer);
    }

    /// The same with another failure ratio.
    public SimOptions withAppendFailures(final int failures, final int per) {
        return new SimOptions(queueDepth, delayPollsMax, failures, per);
    }
}
