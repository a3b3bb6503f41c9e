/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// What the store must hold. Keys are numbers here. Keeps the state that is known to be flushed, and every change
/// since, in order: after a power cut any number of the last changes may be missing, but no change before a present
/// one.
final class Model {
    private final byte[][] flushed;
    private final byte[][] current;
    private final List<Change> changes = new ArrayList<>();
    private boolean lastInDoubt;

    /// One write: keys with their new values, null for a delete.
    private record Change(int[] keys, byte[][] values) {}

    Model(final int keys) {
        flushed = new byte[keys][];
        current = new byte[keys][];
    }

    byte[] value(final int key) {
        return current[key];
    }

    long count() {
        return Arrays.stream(current).filter(value -> value != null).count();
    }

    long valueBytes() {
        return Arrays.stream(current)
                .filter(value -> value != null)
                .mapToLong(value -> value.length)
                .sum();
    }

    /// A write that begins: it may take effect from now on.
    void begin(final int[] keys, final byte[][] values) {
        changes.add(new Change(keys, values));
        lastInDoubt = true;
    }

    /// The write that began last was accepted.
    void accept() {
        final Change change = changes.getLast();
        apply(change, current);
        lastInDoubt = false;
    }

    /// The write that began last was refused, and nothing was changed.
    void refuse() {
        changes.removeLast();
        lastInDoubt = false;
    }

    /// Everything accepted is flushed.
    void flushed() {
        System.arraycopy(current, 0, flushed, 0, current.length);
        changes.clear();
    }

    /// The process died and came back: all that was accepted must be there, and the write in progress may be.
    ///
    /// @return null, or what is wrong
    String afterProcessCrash(final byte[][] found) {
        String difference = difference(found, current);
        if (lastInDoubt) {
            final byte[][] with = current.clone();
            apply(changes.getLast(), with);
            if (difference(found, with) == null) {
                accept();
                difference = null;
            } else if (difference == null) {
                refuse();
            }
        }
        return difference;
    }

    /// Power failed: a prefix of the writes must be there, all flushed ones included.
    ///
    /// @return null, or what is wrong
    String afterPowerCut(final byte[][] found) {
        final byte[][] state = flushed.clone();
        int differing = 0;
        for (int key = 0; key < state.length; key++) {
            differing += Arrays.equals(found[key], state[key]) ? 0 : 1;
        }
        boolean matched = differing == 0;
        int least = differing;
        final byte[][] best = state.clone();
        for (final Change change : changes) {
            for (int i = 0; i < change.keys().length; i++) {
                final int key = change.keys()[i];
                differing -= Arrays.equals(found[key], state[key]) ? 0 : 1;
                state[key] = change.values()[i];
                differing += Arrays.equals(found[key], state[key]) ? 0 : 1;
            }
            matched |= differing == 0;
            if (differing < least) {
                least = differing;
                System.arraycopy(state, 0, best, 0, state.length);
            }
        }
        if (!matched) {
            return "no prefix of the " + changes.size() + " writes since the last flush; the closest differs in "
                    + least + " keys: " + difference(found, best);
        }
        lastInDoubt = false;
        System.arraycopy(found, 0, current, 0, current.length);
        flushed();
        return null;
    }

    private static void apply(final Change change, final byte[][] state) {
        for (int i = 0; i < change.keys().length; i++) {
            state[change.keys()[i]] = change.values()[i];
        }
    }

    /// What is different first, or null.
    String difference(final byte[][] found) {
        return difference(found, current);
    }

    private static String difference(final byte[][] found, final byte[][] expected) {
        for (int key = 0; key < expected.length; key++) {
            if (!Arrays.equals(found[key], expected[key])) {
                return "key " + key + " is " + describe(found[key]) + " instead of " + describe(expected[key]);
            }
        }
        return null;
    }

    private static String describe(final byte[] value) {
        return value == null
                ? "absent"
                : value.length + " bytes " + Arrays.toString(Arrays.copyOf(value, Math.min(8, value.length)));
    }
}
