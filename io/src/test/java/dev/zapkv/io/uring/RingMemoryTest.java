/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.uring;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotNull;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;

/// Layouts and index arithmetic on ordinary memory, with the test in the kernel's role.
final class RingMemoryTest {
    private static final int ENTRIES = 4;
    private static final int SQ_HEAD = 0;
    private static final int SQ_TAIL = 4;
    private static final int SQ_ARRAY = 64;
    private static final int CQ_HEAD = 128;
    private static final int CQ_TAIL = 132;
    private static final int CQ_CQES = 192;

    private final Arena arena = Arena.ofConfined();
    private final MemorySegment ring = arena.allocate(4096, 8);
    private final MemorySegment sqes = arena.allocate(ENTRIES * (long) SqeFlyweight.LENGTH, 8);
    private final RingParams params = new RingParams(arena.allocate(RingParams.LENGTH, 8));

    @BeforeEach
    void describe() {
        params.set(RingParams.SQ_ENTRIES_OFFSET, ENTRIES);
        params.set(RingParams.CQ_ENTRIES_OFFSET, ENTRIES);
        params.set(RingParams.FEATURES_OFFSET, 0x3ffff);
        params.set(RingParams.SQ_HEAD_OFFSET, SQ_HEAD);
        params.set(RingParams.SQ_TAIL_OFFSET, SQ_TAIL);
        params.set(RingParams.SQ_MASK_OFFSET, 8);
        params.set(RingParams.SQ_RING_ENTRIES_OFFSET, 12);
        params.set(RingParams.SQ_FLAGS_OFFSET, 16);
        params.set(RingParams.SQ_DROPPED_OFFSET, 20);
        params.set(RingParams.SQ_ARRAY_OFFSET, SQ_ARRAY);
        params.set(RingParams.CQ_HEAD_OFFSET, CQ_HEAD);
        params.set(RingParams.CQ_TAIL_OFFSET, CQ_TAIL);
        params.set(RingParams.CQ_MASK_OFFSET, 136);
        params.set(RingParams.CQ_RING_ENTRIES_OFFSET, 140);
        params.set(RingParams.CQ_OVERFLOW_OFFSET, 144);
        params.set(RingParams.CQ_CQES_OFFSET, CQ_CQES);
    }

    @AfterEach
    void close() {
        arena.close();
    }

    private int word(final long offset) {
        return ring.get(ValueLayout.JAVA_INT, offset);
    }

    private void word(final long offset, final int value) {
        ring.set(ValueLayout.JAVA_INT, offset, value);
    }

    @Test
    void shouldHaveTheKernelsParamsLayout() {
        assertEquals(20, RingParams.FEATURES_OFFSET);
        assertEquals(40, RingParams.SQ_HEAD_OFFSET);
        assertEquals(56, RingParams.SQ_FLAGS_OFFSET);
        assertEquals(60, RingParams.SQ_DROPPED_OFFSET);
        assertEquals(64, RingParams.SQ_ARRAY_OFFSET);
        assertEquals(80, RingParams.CQ_HEAD_OFFSET);
        assertEquals(96, RingParams.CQ_OVERFLOW_OFFSET);
        assertEquals(100, RingParams.CQ_CQES_OFFSET);
        assertEquals(104, RingParams.CQ_FLAGS_OFFSET);
    }

    @Test
    void shouldWriteEachSqeFieldAtItsOffsetAndWidth() {
        final SqeFlyweight sqe = new SqeFlyweight();
        assertField(0, 1, s -> s.opcode(-1));
        assertField(1, 1, s -> s.flags(-1));
        assertField(2, 2, s -> s.ioprio(-1));
        assertField(4, 4, s -> s.fd(-1));
        assertField(8, 8, s -> s.off(-1));
        assertField(16, 8, s -> s.addr(-1));
        assertField(24, 4, s -> s.len(-1));
        assertField(28, 4, s -> s.opFlags(-1));
        assertField(32, 8, s -> s.userData(-1));
        assertField(40, 2, s -> s.bufIndex(-1));
        sqes.fill((byte) -1);
        sqe.wrap(sqes, SqeFlyweight.LENGTH).clear();
        for (int i = 0; i < sqes.byteSize(); i++) {
            final boolean cleared = i / SqeFlyweight.LENGTH == 1;
            assertEquals(cleared ? 0 : -1, sqes.get(ValueLayout.JAVA_BYTE, i), "byte " + i);
        }
    }

    private void assertField(final int offset, final int width, final Consumer<SqeFlyweight> setter) {
        sqes.fill((byte) 0);
        setter.accept(new SqeFlyweight().wrap(sqes, SqeFlyweight.LENGTH));
        for (int i = 0; i < sqes.byteSize(); i++) {
            final int inEntry = i - SqeFlyweight.LENGTH;
            final boolean inField = inEntry >= offset && inEntry < offset + width;
            assertEquals(inField ? -1 : 0, sqes.get(ValueLayout.JAVA_BYTE, i), "offset=" + offset + " byte " + i);
        }
    }

    @Test
    void shouldSubmitAcrossTheWrapOfTheIndices() {
        for (final int start : List.of(-2, Integer.MAX_VALUE - 1, 0)) {
            word(SQ_HEAD, start);
            word(SQ_TAIL, start);
            final SubmissionQueue queue = new SubmissionQueue(ring, sqes, params);
            for (int i = 0; i < ENTRIES; i++) {
                assertEquals(i, word(SQ_ARRAY + i * 4L));
                final SqeFlyweight sqe = queue.next();
                assertNotNull(sqe, "start=" + start + " i=" + i);
                sqe.userData(i);
            }
            assertNull(queue.next(), "start=" + start);
            assertEquals(start, word(SQ_TAIL), "not visible before publish");
            assertEquals(ENTRIES, queue.publish());
            assertEquals(start + ENTRIES, word(SQ_TAIL));
            assertEquals(0, sqes.get(ValueLayout.JAVA_LONG, (start & (ENTRIES - 1)) * 64L + 32));
            word(SQ_HEAD, start + 3);
            assertEquals(1, queue.publish());
            assertNotNull(queue.next());
            assertEquals(ENTRIES + 1, queue.preparedCount());
        }
    }

    @Test
    void shouldHandOutEntriesWithoutTracesOfEarlierCommands() {
        sqes.fill((byte) -1);
        assertNotNull(new SubmissionQueue(ring, sqes, params).next());
        for (int i = 0; i < SqeFlyweight.LENGTH; i++) {
            assertEquals(0, sqes.get(ValueLayout.JAVA_BYTE, i), "byte " + i);
        }
    }

    @Test
    void shouldReapAcrossTheWrapOfTheIndices() {
        for (final int start : List.of(-2, Integer.MAX_VALUE - 1, 0)) {
            word(CQ_HEAD, start);
            word(CQ_TAIL, start);
            final CompletionQueue queue = new CompletionQueue(ring, params);
            for (int i = 0; i < ENTRIES; i++) {
                final long cqe = CQ_CQES + (long) ((start + i) & (ENTRIES - 1)) * CqeFlyweight.LENGTH;
                ring.set(ValueLayout.JAVA_LONG, cqe, 100 + i);
                ring.set(ValueLayout.JAVA_INT, cqe + 8, -i);
                ring.set(ValueLayout.JAVA_INT, cqe + 12, i << 16);
            }
            word(CQ_TAIL, start + ENTRIES);
            final int[] next = {0};
            assertEquals(ENTRIES, queue.drain((userData, result, flags) -> {
                assertEquals(100 + next[0], userData);
                assertEquals(-next[0], result);
                assertEquals(next[0] << 16, flags);
                assertEquals(start, word(CQ_HEAD), "released only after the batch");
                next[0]++;
            }));
            assertEquals(start + ENTRIES, word(CQ_HEAD));
            assertEquals(0, queue.drain((userData, result, flags) -> {}));
            assertEquals(ENTRIES, queue.reapedCount());
        }
    }

    @Test
    void shouldAcceptSaneParams() {
        assertNull(params.problem());
        params.flags(RingParams.SETUP_NO_SQARRAY);
        params.set(RingParams.SQ_ARRAY_OFFSET, 0);
        assertNull(params.problem());
        assertEquals(CQ_CQES + ENTRIES * 16L, params.ringLength());
    }

    @Test
    void shouldRefuseBadParams() {
        assertProblem(RingParams.SQ_ENTRIES_OFFSET, 0, 3, -1, 1 << 17);
        assertProblem(RingParams.CQ_ENTRIES_OFFSET, 0, 5, Integer.MIN_VALUE);
        assertProblem(RingParams.FEATURES_OFFSET, 0, 0xff);
        assertProblem(RingParams.SQ_HEAD_OFFSET, -4, 1, 4096);
        assertProblem(RingParams.SQ_TAIL_OFFSET, Integer.MAX_VALUE, 2);
        assertProblem(RingParams.SQ_FLAGS_OFFSET, 1 << 30);
        assertProblem(RingParams.SQ_ARRAY_OFFSET, 0, -64, 66);
        assertProblem(RingParams.CQ_HEAD_OFFSET, -1, 1 << 20);
        assertProblem(RingParams.CQ_TAIL_OFFSET, 3);
        assertProblem(RingParams.CQ_OVERFLOW_OFFSET, -8);
        assertProblem(RingParams.CQ_CQES_OFFSET, 0, -16, 196);
    }

    private void assertProblem(final int offset, final int... values) {
        final int good = params.get(offset);
        for (final int value : values) {
            params.set(offset, value);
            assertNotNull(params.problem(), "offset=" + offset + " value=" + value);
        }
        params.set(offset, good);
        assertNull(params.problem());
    }

    @Test
    void shouldDecodeAProbe() {
        final MemorySegment probe = arena.allocate(16 + 256 * 8);
        probe.set(ValueLayout.JAVA_BYTE, 0, (byte) 62);
        probe.set(ValueLayout.JAVA_BYTE, 1, (byte) 2);
        probe.set(ValueLayout.JAVA_BYTE, 16, (byte) 0);
        probe.set(ValueLayout.JAVA_BYTE, 24, (byte) 5);
        probe.set(ValueLayout.JAVA_SHORT, 26, (short) 1);
        final RingProbe decoded = RingProbe.decode(probe);
        assertEquals(62, decoded.lastOpcode());
        assertTrue(decoded.supports(5));
        assertEquals(List.of(false, false), List.of(decoded.supports(0), decoded.supports(6)));
    }

    @Test
    void shouldPlaceBigEntries() {
        params.flags(RingParams.SETUP_SQE128 | RingParams.SETUP_CQE32);
        final MemorySegment big = arena.allocate(ENTRIES * (long) SqeFlyweight.LENGTH_BIG, 8);
        final MemorySegment command =
                arena.allocate(SqeFlyweight.COMMAND_LENGTH, 8).fill((byte) 0x5A);
        big.fill((byte) -1);
        assertEquals(big.byteSize(), params.sqesLength());
        final SubmissionQueue submissions = new SubmissionQueue(ring, big, params);
        for (int i = 0; i < ENTRIES; i++) {
            submissions
                    .next()
                    .opcode(SqeFlyweight.OP_URING_CMD)
                    .commandOperation(0xC0484E80)
                    .command(command, 0, 72);
        }
        for (int i = 0; i < ENTRIES; i++) {
            final long at = (long) i * SqeFlyweight.LENGTH_BIG;
            assertEquals(46, big.get(ValueLayout.JAVA_BYTE, at));
            assertEquals(0xC0484E80L, big.get(ValueLayout.JAVA_LONG, at + 8));
            assertEquals(0, big.get(ValueLayout.JAVA_BYTE, at + 47));
            assertEquals(0x5A, big.get(ValueLayout.JAVA_BYTE, at + 48));
            assertEquals(0x5A, big.get(ValueLayout.JAVA_BYTE, at + 119));
            assertEquals(0, big.get(ValueLayout.JAVA_LONG, at + 120));
        }
        final CompletionQueue completions = new CompletionQueue(ring, params);
        for (int i = 0; i < ENTRIES; i++) {
            ring.set(ValueLayout.JAVA_LONG, CQ_CQES + 32L * i, 100 + i);
            ring.set(ValueLayout.JAVA_LONG, CQ_CQES + 32L * i + 16, 200 + i);
        }
        ring.set(ValueLayout.JAVA_INT, CQ_TAIL, ENTRIES);
        final int drained = completions.drain(new CqeHandler() {
            @Override
            public void onCompletion(final long userData, final int result, final int flags) {
                throw new AssertionError("entries are big");
            }

            @Override
            public void onCompletion(final long userData, final int result, final int flags, final long extra) {
                assertEquals(userData + 100, extra);
            }
        });
        assertEquals(ENTRIES, drained);
    }
}
