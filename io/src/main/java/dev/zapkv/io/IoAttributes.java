/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

/// Attributes of one command, an int used as a set. Attributes are hints, except {@link #DURABLE}: a device that
/// cannot honour it refuses the command instead of ignoring it.
public final class IoAttributes {
    /// No attribute: a foreground command.
    public static final int NONE = 0;

    /// The append is on stable media when its result arrives (FUA, {@code RWF_DSYNC}).
    public static final int DURABLE = 1;

    /// Background work: garbage collection, recovery, scrubbing. Foreground commands may overtake it.
    public static final int BACKGROUND = 1 << 1;

    /// Expected lifetime of the data: short.
    public static final int LIFETIME_SHORT = 1 << 2;

    /// Expected lifetime of the data: long.
    public static final int LIFETIME_LONG = 1 << 3;

    /// All defined attributes.
    public static final int ALL = DURABLE | BACKGROUND | LIFETIME_SHORT | LIFETIME_LONG;

    private IoAttributes() {}
}
