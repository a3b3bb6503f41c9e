/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.uring;

/// What a ring should be like.
///
/// @param entries      size of the submission queue, 1 to 32,768; rounded up to a power of two by the kernel
/// @param cqEntries    size of the completion queue, {@code entries} to 65,536; at least the number of
///                     commands in flight
/// @param setupFlags   preferred set of {@code RingParams.SETUP_…}; what the kernel does not know is dropped, except
///                     for the sizes of entries
/// @param bufferSlots  size of the table of registered buffers, 0 for none
public record RingOptions(int entries, int cqEntries, int setupFlags, int bufferSlots) {
    /// Flags for a ring that changes between threads: no single issuer, and completions may interrupt the
    /// thread that submitted, because it may be busy with something else while another thread waits.
    public static final int DEFAULT_FLAGS = RingParams.SETUP_SUBMIT_ALL
            | RingParams.SETUP_CQSIZE
            | RingParams.SETUP_CLAMP
            | RingParams.SETUP_NO_SQARRAY;

    /// Flags for a ring that one thread owns for its whole life.
    public static final int SINGLE_THREAD_FLAGS = DEFAULT_FLAGS
            | RingParams.SETUP_COOP_TASKRUN
            | RingParams.SETUP_SINGLE_ISSUER
            | RingParams.SETUP_DEFER_TASKRUN;

    /// As {@link #DEFAULT_FLAGS}, with big entries: for passthrough. The big entries are not given up.
    public static final int PASSTHROUGH_FLAGS = DEFAULT_FLAGS | RingParams.SETUP_SQE128 | RingParams.SETUP_CQE32;

    private static final int SUPPORTED_FLAGS = SINGLE_THREAD_FLAGS | PASSTHROUGH_FLAGS | RingParams.SETUP_TASKRUN_FLAG;

    /// Checks the sizes and refuses flags this binding does not handle.
    public RingOptions {
        if (entries < 1 || entries > 1 << 15) {
            throw new IllegalArgumentException("ring entries=" + entries + " not in [1, 32768]");
        }
        if (cqEntries < entries || cqEntries > 1 << 16) {
            throw new IllegalArgumentException("ring cqEntries=" + cqEntries + " not in [" + entries + ", 65536]");
        }
        if ((setupFlags & ~SUPPORTED_FLAGS) != 0) {
            throw new IllegalArgumentException(
                    "ring setupFlags=0x" + Integer.toHexString(setupFlags & ~SUPPORTED_FLAGS) + " are not supported");
        }
        if (bufferSlots < 0 || bufferSlots > 1 << 14) {
            throw new IllegalArgumentException("ring bufferSlots=" + bufferSlots + " not in [0, 16384]");
        }
    }

    /// A ring for so many commands in flight with {@link #DEFAULT_FLAGS} and no registered buffers.
    public static RingOptions ofDepth(final int depth) {
        return new RingOptions(depth, 2 * depth, DEFAULT_FLAGS, 0);
    }
}
