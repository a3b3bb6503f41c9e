/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Expected lifetimes, told to the kernel file by file ({@code F_SET_RW_HINT}): fits devices that have a file for each
/// zone. A zone's file is told when the lifetime of what is appended changes, which for a zone of one stream is once.
public final class LifetimeHints {
    private static final int F_SET_RW_HINT = 1024 + 12;
    private static final byte NOT_SET = 0;
    private static final byte SHORT = 2;
    private static final byte LONG = 4;
    /// What each hint is passed by. Read by the kernel alone.
    private static final MemorySegment VALUES = Arena.global().allocate(5 * Long.BYTES, Long.BYTES);

    static {
        for (int hint = 0; hint < 5; hint++) {
            VALUES.setAtIndex(ValueLayout.JAVA_LONG, hint, hint);
        }
    }

    private final byte[] hints;
    private final String refusal;

    private LifetimeHints(final int zones, final String refusal) {
        hints = new byte[zones];
        this.refusal = refusal;
    }

    /// For a device that cannot tell lifetimes.
    ///
    /// @param reason how that is known
    public static LifetimeHints none(final String reason) {
        return new LifetimeHints(0, reason);
    }

    /// Tries with a file whether the kernel takes hints.
    ///
    /// @param fd any file of the file system
    public static LifetimeHints probe(final int fd, final int zones) {
        final int result = tell(fd, NOT_SET);
        return new LifetimeHints(zones, result < 0 ? "F_SET_RW_HINT: " + Errno.describe(-result) : "");
    }

    /// Whether the kernel takes hints.
    public boolean supported() {
        return refusal.isEmpty();
    }

    /// Tells the file of a zone about an append.
    ///
    /// @param attributes of the append
    /// @return whether the file has the lifetime that the attributes name
    public boolean apply(final int zone, final int fd, final int attributes) {
        if (!supported()) {
            return false;
        }
        final byte wanted = (attributes & IoAttributes.LIFETIME_SHORT) != 0
                ? SHORT
                : (attributes & IoAttributes.LIFETIME_LONG) != 0 ? LONG : NOT_SET;
        if (hints[zone] != wanted && tell(fd, wanted) >= 0) {
            hints[zone] = wanted;
        }
        return hints[zone] == wanted;
    }

    private static int tell(final int fd, final byte hint) {
        return Libc.fcntl(fd, F_SET_RW_HINT, VALUES.address() + (long) hint * Long.BYTES);
    }

    /// For the capabilities.
    public Capability capability() {
        return supported()
                ? new Capability(
                        "lifetime-hint",
                        "accepted",
                        "F_SET_RW_HINT on a file",
                        "told zone by zone; file system and drive may make nothing of it")
                : new Capability(
                        "lifetime-hint", "unsupported", refusal, "zones keep data of different lifetimes apart");
    }
}
