/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.linearizability;

import dev.zapkv.checks.linearizability.Linearizability.Timed;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What some threads did to a few keys between two moments of rest, and whether it can be explained:
///
/// * of each key, all reads and writes, those of batches and of reads of several keys one by one, since readers may
///   see the parts of a batch one by one;
/// * of all keys together, the writes, a batch as one, and what was found at rest.
final class History {
    private static final long AT_REST = Long.MAX_VALUE - 1;

    private final List<List<Timed<KeyOperation>>> ofKeys = new ArrayList<>();
    private final List<Timed<int[]>> writes = new ArrayList<>();
    private final List<Integer> initial;

    /// @param initial number of each key's value
    History(final int[] initial) {
        this.initial = Arrays.stream(initial).boxed().toList();
        for (int key = 0; key < initial.length; key++) {
            ofKeys.add(new ArrayList<>());
        }
    }

    /// Adds what a call did to one key.
    synchronized void add(final int key, final KeyOperation operation, final long called, final long ended) {
        ofKeys.get(key).add(new Timed<>(operation, called, ended));
    }

    /// Adds writes that are to be seen as one once all is at rest.
    ///
    /// @param changes key and number of its value, alternating
    synchronized void addWrites(final int[] changes, final long called, final long ended) {
        writes.add(new Timed<>(changes, called, ended));
    }

    /// What is wrong, or null.
    String problem(final int[] atRest) {
        for (int key = 0; key < ofKeys.size(); key++) {
            final List<Timed<KeyOperation>> operations = new ArrayList<>(ofKeys.get(key));
            final KeyOperation last = new KeyOperation(KeyOperation.Kind.READ, atRest[key]);
            operations.add(new Timed<>(last, AT_REST, AT_REST + 1));
            if (!Linearizability.holds(KeyOperation::apply, initial.get(key), operations)) {
                return "no order explains what was seen of key " + key + " from " + initial.get(key) + ":"
                        + text(operations);
            }
        }
        final List<Integer> found = Arrays.stream(atRest).boxed().toList();
        final List<Timed<int[]>> all = new ArrayList<>(writes);
        all.add(new Timed<>(new int[0], AT_REST, AT_REST + 1));
        if (!Linearizability.holds((state, changes) -> write(state, changes, found), initial, all)) {
            final StringBuilder text = new StringBuilder();
            writes.forEach(write -> text.append("\n  [")
                    .append(write.called())
                    .append(", ")
                    .append(write.ended())
                    .append("] ")
                    .append(Arrays.toString(write.operation())));
            return "no order of the writes, batches as one, leads from " + initial + " to " + found + ":" + text;
        }
        return null;
    }

    private static List<Integer> write(final List<Integer> state, final int[] changes, final List<Integer> found) {
        if (changes.length == 0) {
            return state.equals(found) ? state : null;
        }
        final List<Integer> after = new ArrayList<>(state);
        for (int i = 0; i < changes.length; i += 2) {
            after.set(changes[i], changes[i + 1]);
        }
        return after;
    }

    private static String text(final List<Timed<KeyOperation>> operations) {
        final StringBuilder text = new StringBuilder();
        for (final Timed<KeyOperation> timed : operations) {
            text.append("\n  [")
                    .append(timed.called())
                    .append(", ")
                    .append(timed.ended())
                    .append("] ")
                    .append(timed.operation());
        }
        return text.toString();
    }
}
