/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.linearizability;

import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.checks.linearizability.Linearizability.Timed;
import java.util.List;
import org.junit.jupiter.api.Test;

/// The checker itself, on histories whose answer is known.
final class LinearizabilityTest {
    private static Timed<KeyOperation> write(final int value, final long called, final long ended) {
        return new Timed<>(new KeyOperation(KeyOperation.Kind.WRITE, value), called, ended);
    }

    private static Timed<KeyOperation> read(final int value, final long called, final long ended) {
        return new Timed<>(new KeyOperation(KeyOperation.Kind.READ, value), called, ended);
    }

    private static Timed<KeyOperation> delete(final int had, final long called, final long ended) {
        return new Timed<>(new KeyOperation(KeyOperation.Kind.DELETE, had), called, ended);
    }

    private static boolean holds(final List<Timed<KeyOperation>> history) {
        return Linearizability.holds(KeyOperation::apply, KeyOperation.NONE, history);
    }

    @Test
    void shouldAcceptWhatHappensInOrder() {
        assertTrue(holds(List.of()));
        assertTrue(holds(List.of(read(-1, 0, 1), write(1, 2, 3), read(1, 4, 5), delete(1, 6, 7), read(-1, 8, 9))));
    }

    @Test
    void shouldAcceptEitherOrderOfWhatOverlaps() {
        assertTrue(holds(List.of(write(1, 0, 10), read(-1, 1, 2), read(1, 3, 4))));
        assertTrue(holds(List.of(write(1, 0, 10), write(2, 0, 10), read(2, 1, 2), read(1, 3, 4), read(1, 11, 12))));
        assertTrue(holds(List.of(write(1, 0, 1), delete(1, 2, 9), delete(0, 3, 4))));
    }

    @Test
    void shouldRefuseAStaleRead() {
        assertFalse(holds(List.of(write(1, 0, 1), write(2, 2, 3), read(1, 4, 5))));
        assertFalse(holds(List.of(write(1, 0, 10), read(1, 1, 2), read(-1, 3, 4))));
    }

    @Test
    void shouldRefuseALostWrite() {
        assertFalse(holds(List.of(write(1, 0, 10), write(2, 0, 10), read(1, 11, 12), read(2, 13, 14))));
    }

    @Test
    void shouldRefuseThatTwoDeletesRemoveOneValue() {
        assertFalse(holds(List.of(write(1, 0, 1), delete(1, 2, 9), delete(1, 3, 8))));
    }
}
