/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.BitSet;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// What the store must hold. Keys are numbers here. Keeps the state that is known to be flushed, and every change
/// since, in order: after a power cut any number of the last changes may be missing, but no change before a present
/// one.
///
/// A zone that goes offline may take records of some keys with it: these are *suspect* from then on, until they are
/// written again. A suspect key either has its value or is reported as lost; after the next opening it may also have
/// any value that it had before, or none.
final class Model {
    private final byte[][] flushed;
    private final byte[][] current;
    private final List<Change> changes = new ArrayList<>();
    private boolean lastInDoubt;
    private final BitSet suspects = new BitSet();
    private final BitSet suspectsFlushed = new BitSet();
    private final List<Set<Integer>> history = new ArrayList<>();

    /// One write: keys with their new values, null for a delete.
    private record Change(int[] keys, byte[][] values) {}

    private final BitSet everInChunks = new BitSet();

    Model(final int keys) {
        flushed = new byte[keys][];
        current = new byte[keys][];
        for (int key = 0; key < keys; key++) {
            history.add(new HashSet<>());
        }
    }

    byte[] value(final int key) {
        return current[key];
    }

    /// Everything was erased.
    void erase() {
        Arrays.fill(current, null);
        Arrays.fill(flushed, null);
        changes.clear();
        suspects.clear();
        suspectsFlushed.clear();
        lastInDoubt = false;
    }

    /// Whether the write that began last, of which it is not known whether it took effect, changes a key.
    boolean isInDoubt(final int key) {
        return lastInDoubt && Arrays.stream(changes.getLast().keys()).anyMatch(changed -> changed == key);
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
        for (int i = 0; i < keys.length; i++) {
            history.get(keys[i]).add(Arrays.hashCode(values[i]));
            if (isLarge(values[i], Workload.LEASED_FROM)) {
                everInChunks.set(keys[i]);
            }
        }
        lastInDoubt = true;
    }

    /// The write that began last was accepted.
    void accept() {
        final Change change = changes.getLast();
        for (int i = 0; i < change.keys().length; i++) {
            // A delete of what is absent writes nothing: it does not replace a delete that was lost.
            if (change.values()[i] != null || current[change.keys()[i]] != null) {
                suspects.clear(change.keys()[i]);
            }
        }
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
        suspectsFlushed.clear();
        suspectsFlushed.or(suspects);
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
                // Of a suspect key it cannot be told yet.
                final BitSet stillSuspect = (BitSet) suspects.clone();
                accept();
                suspects.or(stillSuspect);
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
            differing += same(found, state, key) ? 0 : 1;
        }
        boolean matched = differing == 0;
        int least = differing;
        int closest = 0;
        int writes = 0;
        final byte[][] best = state.clone();
        for (final Change change : changes) {
            writes++;
            for (int i = 0; i < change.keys().length; i++) {
                final int key = change.keys()[i];
                differing -= same(found, state, key) ? 0 : 1;
                state[key] = change.values()[i];
                differing += same(found, state, key) ? 0 : 1;
            }
            matched |= differing == 0;
            if (differing < least) {
                least = differing;
                closest = writes;
                System.arraycopy(state, 0, best, 0, state.length);
            }
        }
        if (!matched) {
            return "no prefix of the " + changes.size() + " writes since the last flush; the closest, " + closest
                    + ", differs in " + least + " keys: " + difference(found, best) + origins(found, best);
        }
        adopt(found);
        return null;
    }

    /// Which writes since the last flush gave the keys that differ the values that were found.
    private String origins(final byte[][] found, final byte[][] expected) {
        final StringBuilder text = new StringBuilder();
        for (int key = 0; key < found.length; key++) {
            if (same(found, expected, key)) {
                continue;
            }
            text.append("; key ").append(key).append(" is of");
            text.append(Arrays.equals(found[key], flushed[key]) ? " the flushed state" : "");
            for (int write = 0; write < changes.size(); write++) {
                for (int i = 0; i < changes.get(write).keys().length; i++) {
                    if (changes.get(write).keys()[i] == key) {
                        final boolean match = Arrays.equals(changes.get(write).values()[i], found[key]);
                        text.append(match ? " write " : " not ").append(write + 1);
                    }
                }
            }
        }
        return text.toString();
    }

    /// A record of a key was in a zone that has gone offline.
    void suspect(final int key) {
        suspects.set(key);
        suspectsFlushed.set(key);
    }

    /// Whether a key has, or may be about to have, a value of so many bytes.
    boolean mayBeLarge(final int key, final int length) {
        boolean large = isLarge(current[key], length) || isLarge(flushed[key], length);
        for (final Change change : changes) {
            for (int i = 0; i < change.keys().length; i++) {
                large |= change.keys()[i] == key && isLarge(change.values()[i], length);
            }
        }
        return large;
    }

    private static boolean isLarge(final byte[] value, final int length) {
        return value != null && value.length >= length;
    }

    /// Whether a key ever had a value that may have been stored in chunks.
    boolean everInChunks(final int key) {
        return everInChunks.get(key);
    }

    boolean isSuspect(final int key) {
        return suspects.get(key);
    }

    /// Before the content found by an opening is compared: of what a crash took with the writes that had made a key
    /// whole again, the key is suspect once more.
    void reopened(final boolean crashed) {
        if (crashed) {
            suspects.or(suspectsFlushed);
        }
    }

    /// What an opening found of a suspect key.
    ///
    /// @param durable whether no power cut can take it
    /// @return null, or what is wrong
    String settle(final int key, final byte[] found, final boolean durable) {
        if (found != null && !history.get(key).contains(Arrays.hashCode(found))) {
            return "key " + key + " has a value that it never had: " + describe(found);
        }
        suspects.clear(key);
        current[key] = found;
        if (durable) {
            suspectsFlushed.clear(key);
            flushed[key] = found;
        }
        return null;
    }

    /// What an opening found of a suspect key that is there and cannot be read.
    void stillLost(final int key) {
        suspects.set(key);
        suspectsFlushed.set(key);
        current[key] = current[key] == null ? new byte[0] : current[key];
        flushed[key] = current[key];
    }

    /// Power failed, and a zone went offline in the same life: any of the writes since the last flush may be there.
    ///
    /// @return null, or what is wrong
    String afterPowerCutWithLoss(final byte[][] found) {
        for (int key = 0; key < found.length; key++) {
            boolean matched = suspects.get(key) || Arrays.equals(found[key], flushed[key]);
            for (final Change change : changes) {
                for (int i = 0; i < change.keys().length; i++) {
                    matched |= change.keys()[i] == key && Arrays.equals(found[key], change.values()[i]);
                }
            }
            if (!matched) {
                return "key " + key + " is " + describe(found[key]) + ", flushed was " + describe(flushed[key]);
            }
        }
        adopt(found);
        return null;
    }

    private void adopt(final byte[][] found) {
        lastInDoubt = false;
        for (int key = 0; key < found.length; key++) {
            current[key] = suspects.get(key) ? current[key] : found[key];
        }
        flushed();
    }

    private boolean same(final byte[][] found, final byte[][] expected, final int key) {
        return suspects.get(key) || Arrays.equals(found[key], expected[key]);
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

    private String difference(final byte[][] found, final byte[][] expected) {
        for (int key = 0; key < expected.length; key++) {
            if (!same(found, expected, key)) {
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
