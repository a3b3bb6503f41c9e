/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.uring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Flyweight over {@code struct io_uring_params}, native byte order.
///
/// | offset | type | field | meaning, valid range |
/// |---:|---|---|---|
/// | 0 | u32 | sq_entries | out: a power of two, 1 to 32,768 |
/// | 4 | u32 | cq_entries | in with CQSIZE; out: a power of two, at most 65,536 |
/// | 8 | u32 | flags | in: {@code SETUP_…} |
/// | 12 | u32 | sq_thread_cpu | zero here |
/// | 16 | u32 | sq_thread_idle | zero here |
/// | 20 | u32 | features | out: {@code FEATURE_…} |
/// | 24 | u32 | wq_fd | zero here |
/// | 28 | u32[3] | resv | zero |
/// | 40 | u32[10] | sq_off | head, tail, ring_mask, ring_entries, flags, dropped, array, resv, user_addr (u64) |
/// | 80 | u32[10] | cq_off | head, tail, ring_mask, ring_entries, overflow, cqes, flags, resv, user_addr (u64) |
///
/// The values of {@code sq_off} and {@code cq_off} differ between kernels: they are read, never assumed.
public final class RingParams {
    /// Bytes of the structure.
    public static final int LENGTH = 120;

    static final int SQ_ENTRIES_OFFSET = 0;
    static final int CQ_ENTRIES_OFFSET = SQ_ENTRIES_OFFSET + Integer.BYTES;
    static final int FLAGS_OFFSET = CQ_ENTRIES_OFFSET + Integer.BYTES;
    static final int SQ_THREAD_CPU_OFFSET = FLAGS_OFFSET + Integer.BYTES;
    static final int SQ_THREAD_IDLE_OFFSET = SQ_THREAD_CPU_OFFSET + Integer.BYTES;
    static final int FEATURES_OFFSET = SQ_THREAD_IDLE_OFFSET + Integer.BYTES;
    static final int WQ_FD_OFFSET = FEATURES_OFFSET + Integer.BYTES;
    static final int RESERVED_OFFSET = WQ_FD_OFFSET + Integer.BYTES;
    static final int SQ_HEAD_OFFSET = RESERVED_OFFSET + 3 * Integer.BYTES;
    static final int SQ_TAIL_OFFSET = SQ_HEAD_OFFSET + Integer.BYTES;
    static final int SQ_MASK_OFFSET = SQ_TAIL_OFFSET + Integer.BYTES;
    static final int SQ_RING_ENTRIES_OFFSET = SQ_MASK_OFFSET + Integer.BYTES;
    static final int SQ_FLAGS_OFFSET = SQ_RING_ENTRIES_OFFSET + Integer.BYTES;
    static final int SQ_DROPPED_OFFSET = SQ_FLAGS_OFFSET + Integer.BYTES;
    static final int SQ_ARRAY_OFFSET = SQ_DROPPED_OFFSET + Integer.BYTES;
    static final int CQ_HEAD_OFFSET = SQ_ARRAY_OFFSET + 2 * Integer.BYTES + Long.BYTES;
    static final int CQ_TAIL_OFFSET = CQ_HEAD_OFFSET + Integer.BYTES;
    static final int CQ_MASK_OFFSET = CQ_TAIL_OFFSET + Integer.BYTES;
    static final int CQ_RING_ENTRIES_OFFSET = CQ_MASK_OFFSET + Integer.BYTES;
    static final int CQ_OVERFLOW_OFFSET = CQ_RING_ENTRIES_OFFSET + Integer.BYTES;
    static final int CQ_CQES_OFFSET = CQ_OVERFLOW_OFFSET + Integer.BYTES;
    static final int CQ_FLAGS_OFFSET = CQ_CQES_OFFSET + Integer.BYTES;

    /// The size of the completion queue is given (5.5).
    public static final int SETUP_CQSIZE = 1 << 3;
    /// Sizes beyond the kernel's limits are reduced instead of refused (5.6).
    public static final int SETUP_CLAMP = 1 << 4;
    /// Submission goes on after a bad entry (5.18).
    public static final int SETUP_SUBMIT_ALL = 1 << 7;
    /// The submitting thread is not interrupted in user code by completions (5.19).
    public static final int SETUP_COOP_TASKRUN = 1 << 8;
    /// The kernel shows in the ring that completions wait for an enter (5.19).
    public static final int SETUP_TASKRUN_FLAG = 1 << 9;
    /// Submission entries of 128 bytes, for commands of {@link SqeFlyweight#OP_URING_CMD} (5.19).
    public static final int SETUP_SQE128 = 1 << 10;
    /// Completion entries of 32 bytes, with a second result (5.19).
    public static final int SETUP_CQE32 = 1 << 11;
    /// Only the thread that made the ring may submit (6.0).
    public static final int SETUP_SINGLE_ISSUER = 1 << 12;
    /// Completions are posted only inside an enter that asks for them; needs SINGLE_ISSUER (6.1).
    public static final int SETUP_DEFER_TASKRUN = 1 << 13;
    /// No index array between the submission ring and the entries (6.6).
    public static final int SETUP_NO_SQARRAY = 1 << 16;

    /// Submission and completion ring share one mapping.
    public static final int FEATURE_SINGLE_MMAP = 1;
    /// Completions beyond the queue's size are kept, not lost.
    public static final int FEATURE_NODROP = 1 << 1;
    /// An entry may be reused as soon as it was submitted.
    public static final int FEATURE_SUBMIT_STABLE = 1 << 2;
    /// Timed waits.
    public static final int FEATURE_EXT_ARG = 1 << 8;

    private static final int ENTRIES_MAX = 1 << 16;
    private static final ValueLayout.OfInt INT = ValueLayout.JAVA_INT;

    private final MemorySegment memory;

    /// @param memory native, zeroed, at least {@link #LENGTH} bytes, 8-byte aligned
    public RingParams(final MemorySegment memory) {
        this.memory = memory.asSlice(0, LENGTH);
    }

    long address() {
        return memory.address();
    }

    void clear() {
        memory.fill((byte) 0);
    }

    /// Asks for a size of the completion queue; effective with {@link #SETUP_CQSIZE}.
    public RingParams cqEntries(final int entries) {
        set(CQ_ENTRIES_OFFSET, entries);
        return this;
    }

    /// Set of {@code SETUP_…}.
    public RingParams flags(final int flags) {
        set(FLAGS_OFFSET, flags);
        return this;
    }

    /// Entries of the submission queue.
    public int sqEntries() {
        return get(SQ_ENTRIES_OFFSET);
    }

    /// Entries of the completion queue.
    public int cqEntries() {
        return get(CQ_ENTRIES_OFFSET);
    }

    /// Set of {@code SETUP_…}.
    public int flags() {
        return get(FLAGS_OFFSET);
    }

    /// Set of {@code FEATURE_…}.
    public int features() {
        return get(FEATURES_OFFSET);
    }

    int get(final int offset) {
        return memory.get(INT, offset);
    }

    void set(final int offset, final int value) {
        memory.set(INT, offset, value);
    }

    /// Bytes of a submission entry.
    int sqeLength() {
        return (flags() & SETUP_SQE128) != 0 ? SqeFlyweight.LENGTH_BIG : SqeFlyweight.LENGTH;
    }

    /// Bytes of a completion entry.
    int cqeLength() {
        return (flags() & SETUP_CQE32) != 0 ? CqeFlyweight.LENGTH_BIG : CqeFlyweight.LENGTH;
    }

    /// Bytes of the mapping with both rings.
    long ringLength() {
        final long array =
                (flags() & SETUP_NO_SQARRAY) != 0 ? 0 : get(SQ_ARRAY_OFFSET) + (long) Integer.BYTES * sqEntries();
        return Math.max(array, get(CQ_CQES_OFFSET) + (long) cqeLength() * cqEntries());
    }

    /// Bytes of the mapping with the submission entries.
    long sqesLength() {
        return (long) sqeLength() * sqEntries();
    }

    /// What is wrong with the values the kernel returned, or null if they can be used. These numbers become
    /// memory accesses.
    String problem() {
        if (!powerOfTwo(sqEntries()) || !powerOfTwo(cqEntries())) {
            return "sq_entries=" + sqEntries() + " cq_entries=" + cqEntries() + " are no powers of two up to "
                    + ENTRIES_MAX;
        }
        final int wanted = FEATURE_SINGLE_MMAP | FEATURE_NODROP | FEATURE_SUBMIT_STABLE | FEATURE_EXT_ARG;
        if ((features() & wanted) != wanted) {
            return "features=0x" + Integer.toHexString(features()) + " lack some of 0x" + Integer.toHexString(wanted)
                    + " (Linux 5.11 has them)";
        }
        for (int offset = SQ_HEAD_OFFSET; offset <= SQ_DROPPED_OFFSET; offset += Integer.BYTES) {
            if (!validWord(offset)) {
                return "sq_off+" + (offset - SQ_HEAD_OFFSET) + "=" + get(offset) + " is not in the ring";
            }
        }
        for (int offset = CQ_HEAD_OFFSET; offset <= CQ_OVERFLOW_OFFSET; offset += Integer.BYTES) {
            if (!validWord(offset)) {
                return "cq_off+" + (offset - CQ_HEAD_OFFSET) + "=" + get(offset) + " is not in the ring";
            }
        }
        if (get(CQ_CQES_OFFSET) <= 0 || get(CQ_CQES_OFFSET) % Long.BYTES != 0) {
            return "cq_off.cqes=" + get(CQ_CQES_OFFSET) + " is not usable";
        }
        if ((flags() & SETUP_NO_SQARRAY) == 0
                && (get(SQ_ARRAY_OFFSET) <= 0 || get(SQ_ARRAY_OFFSET) % Integer.BYTES != 0)) {
            return "sq_off.array=" + get(SQ_ARRAY_OFFSET) + " is not usable";
        }
        return null;
    }

    private boolean validWord(final int offset) {
        final int value = get(offset);
        return value >= 0 && value % Integer.BYTES == 0 && value + (long) Integer.BYTES <= ringLength();
    }

    private static boolean powerOfTwo(final int entries) {
        return entries > 0 && entries <= ENTRIES_MAX && Integer.bitCount(entries) == 1;
    }
}
