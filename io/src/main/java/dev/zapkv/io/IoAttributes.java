/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

/// Attributes of one command, an int used as a set. Attributes are hints, except {@link #DURABLE}: a device that
/// cannot honour it refuses the command instead of ignoring it.
///
/// A completion answers each attribute that was requested ({@link #answer}). What a device can answer, and why, is in
/// its capabilities: {@code priority-class}, {@code lifetime-hint}, {@code protection}, {@code command-timing}.
public final class IoAttributes {
    /// No attribute: a foreground command.
    public static final int NONE = 0;

    /// The append is on stable media when its result arrives (FUA, {@code RWF_DSYNC}).
    public static final int DURABLE = 1;

    /// Priority class: background work, such as garbage collection, recovery, scrubbing. Foreground commands may
    /// overtake it.
    public static final int BACKGROUND = 1 << 1;

    /// Expected lifetime of the data: short.
    public static final int LIFETIME_SHORT = 1 << 2;

    /// Expected lifetime of the data: long.
    public static final int LIFETIME_LONG = 1 << 3;

    /// Protection information goes with the data, end to end.
    public static final int PROTECTED = 1 << 4;

    /// The completion tells how long the command took, see {@link CompletionHandler#onTimed}.
    public static final int TIMED = 1 << 5;

    /// Both lifetimes; a command has one of them at most.
    public static final int LIFETIME = LIFETIME_SHORT | LIFETIME_LONG;

    /// All defined attributes.
    public static final int ALL = DURABLE | BACKGROUND | LIFETIME | PROTECTED | TIMED;

    private static final int UNSUPPORTED_SHIFT = 16;

    private IoAttributes() {}

    /// What became of an attribute.
    public enum Answer {
        /// It took effect, or was taken by the one that acts on it: the kernel, the drive.
        ACCEPTED,
        /// It means nothing for this command, or was not taken this time.
        IGNORED,
        /// The device has no way to honour it, for no command.
        UNSUPPORTED
    }

    /// The answers to a command's attributes, as completions hand them out: the set of accepted ones in the lower half,
    /// of unsupported ones in the upper half.
    public static int answers(final int accepted, final int unsupported) {
        return accepted | unsupported << UNSUPPORTED_SHIFT;
    }

    /// The accepted ones.
    public static int accepted(final int answers) {
        return answers & ALL;
    }

    /// The answer to one attribute that was requested.
    public static Answer answer(final int answers, final int attribute) {
        if ((answers & attribute) != 0) {
            return Answer.ACCEPTED;
        }
        return (answers >>> UNSUPPORTED_SHIFT & attribute) != 0 ? Answer.UNSUPPORTED : Answer.IGNORED;
    }
}
