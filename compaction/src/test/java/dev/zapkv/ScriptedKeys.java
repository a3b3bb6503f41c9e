/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.charset.StandardCharsets;
import java.util.Arrays;
import java.util.HashSet;
import java.util.Set;

/// What a store must hold after the steps of a {@link KillScript} that were adopted so far.
final class ScriptedKeys {
    private final int[] lengths;
    private final long[] versions;

    ScriptedKeys(final int threads) {
        lengths = new int[threads * KillScript.KEYS];
        versions = new long[lengths.length];
        Arrays.fill(lengths, KillScript.ABSENT);
    }

    /// The step took effect.
    void adopt(final KillScript.Step step) {
        for (int i = 0; i < step.size(); i++) {
            lengths[step.key(i)] = step.length(i);
            versions[step.key(i)] = step.version();
        }
    }

    /// Whether the step at which the process died is there; it must be so for all of its keys, or for none.
    boolean isApplied(final ZapKv store, final KillScript.Step step, final String context) {
        Boolean applied = null;
        for (int i = 0; i < step.size(); i++) {
            final int key = step.key(i);
            if (lengths[key] == KillScript.ABSENT && step.length(i) == KillScript.ABSENT) {
                continue;
            }
            final byte[] value = store.get(TestData.key(key));
            final boolean isNew = step.length(i) == KillScript.ABSENT
                    ? value == null
                    : Arrays.equals(value, TestData.value(key, step.version(), step.length(i)));
            if (isNew && step.length(i) == lengths[key] && lengths[key] < 1) {
                continue;
            }
            assertTrue(
                    applied == null || applied == isNew,
                    () -> context + ": a batch of " + step.size() + " is there in part");
            applied = isNew;
        }
        return applied != null && applied;
    }

    /// Adopts the steps of a thread up to the one whose effect the store shows: the keys of the thread must be as they
    /// were after one of its steps.
    ///
    /// @param life  the life of the steps
    /// @param least steps that must have taken effect
    /// @param most  steps that may have
    /// @return how many have
    long adoptPrefix(
            final ZapKv store,
            final KillScript script,
            final int life,
            final int thread,
            final long least,
            final long most,
            final String context) {
        for (long sequence = 1; sequence <= least; sequence++) {
            adopt(script.step(life, thread, sequence));
        }
        final int first = thread * KillScript.KEYS;
        final byte[][] found = new byte[KillScript.KEYS][];
        final Set<Integer> differing = new HashSet<>();
        for (int i = 0; i < found.length; i++) {
            found[i] = store.get(TestData.key(first + i));
            compare(differing, first + i, found[i]);
        }
        final String atLeast = describe(differing, found, first);
        long sequence = least;
        long closest = least;
        int fewest = differing.size();
        while (!differing.isEmpty() && sequence < most) {
            final KillScript.Step step = script.step(life, thread, ++sequence);
            adopt(step);
            for (int i = 0; i < step.size(); i++) {
                compare(differing, step.key(i), found[step.key(i) - first]);
            }
            if (differing.size() < fewest) {
                fewest = differing.size();
                closest = sequence;
            }
        }
        if (!differing.isEmpty()) {
            throw new AssertionError(
                    context + " thread " + thread + ": its keys are not as they were after any step from "
                            + least + " (promised) to " + most + "; closest is step " + closest + " with " + fewest
                            + " keys that differ; from step " + least + " differ " + atLeast);
        }
        return sequence;
    }

    private void compare(final Set<Integer> differing, final int key, final byte[] found) {
        final boolean same = lengths[key] == KillScript.ABSENT
                ? found == null
                : found != null
                        && found.length == lengths[key]
                        && Arrays.equals(found, TestData.value(key, versions[key], lengths[key]));
        if (same) {
            differing.remove(key);
        } else {
            differing.add(key);
        }
    }

    private String describe(final Set<Integer> differing, final byte[][] found, final int first) {
        final StringBuilder text = new StringBuilder(differing.size() + " keys");
        differing.stream().sorted().limit(4).forEach(key -> {
            final byte[] value = found[key - first];
            text.append(", key ").append(key).append(" expected ");
            text.append(lengths[key]).append(" bytes of step ").append(versions[key] & 0xFF_FFFF_FFFFL);
            text.append(" life ").append(versions[key] >> 40).append(" found ");
            text.append(value == null ? "none" : value.length + " bytes");
        });
        return text.toString();
    }

    /// Checks that the store holds exactly this, by every way of reading there is.
    void check(final ZapKv store, final String context) {
        int count = 0;
        final Set<String> keys = new HashSet<>();
        for (int key = 0; key < lengths.length; key++) {
            checkKey(store, key, context);
            if (lengths[key] != KillScript.ABSENT) {
                count++;
                keys.add(new String(TestData.key(key), StandardCharsets.UTF_8));
            }
        }
        assertEquals(count, store.count(), context + ": count");
        store.forEach((key, value) -> {
            final String name = new String(key, StandardCharsets.UTF_8);
            assertTrue(keys.remove(name), () -> context + ": " + name + " is visited, but should not be there");
        });
        assertTrue(keys.isEmpty(), () -> context + ": not visited: " + keys);
    }

    private void checkKey(final ZapKv store, final int key, final String context) {
        final byte[] value = store.get(TestData.key(key));
        final byte[] expected =
                lengths[key] == KillScript.ABSENT ? null : TestData.value(key, versions[key], lengths[key]);
        assertArrayEquals(expected, value, () -> context + ": key " + key + " version " + versions[key]);
    }
}
