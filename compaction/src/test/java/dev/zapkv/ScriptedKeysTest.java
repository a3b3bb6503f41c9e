/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.nio.file.Path;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The judge of the crash tests sees what it is there to see.
class ScriptedKeysTest {
    private static final int LIFE = 3;
    private static final int THREAD = 1;
    private static final int STEPS = 400;
    private static final int MOST = 1_000;

    @TempDir
    private Path directory;

    private final KillScript script = new KillScript(20261121);
    private final ScriptedKeys keys = new ScriptedKeys(2);
    private ZapKv store;

    @BeforeEach
    void open() {
        store = ZapKv.open(new Context().directory(directory).memoryBytes(32 << 20));
    }

    @AfterEach
    void close() {
        store.close();
    }

    private void apply(final int first, final int last) {
        for (int sequence = first; sequence <= last; sequence++) {
            script.step(LIFE, THREAD, sequence).apply(store);
        }
    }

    private long adoptPrefix(final int least, final int most) {
        return keys.adoptPrefix(store, script, LIFE, THREAD, least, most, "here");
    }

    @Test
    void shouldFindHowManyStepsAStoreHolds() {
        apply(1, STEPS);
        final long found = adoptPrefix(STEPS / 2, MOST);
        assertTrue(found <= STEPS && found > STEPS - 20, "found " + found);
        keys.check(store, "here");
    }

    @Test
    void shouldSeeThatAPromisedStepIsLost() {
        apply(1, STEPS);
        final AssertionError lost = assertThrows(AssertionError.class, () -> adoptPrefix(STEPS + 20, MOST));
        assertTrue(lost.getMessage().contains("from " + (STEPS + 20) + " (promised)"), lost.getMessage());
    }

    @Test
    void shouldSeeThatAStepInTheMidstIsMissing() {
        apply(1, STEPS);
        apply(STEPS + 20, STEPS + 40);
        assertThrows(AssertionError.class, () -> adoptPrefix(STEPS / 2, MOST));
    }

    @Test
    void shouldSeeThatMoreIsThereThanWasEverBegun() {
        apply(1, STEPS);
        assertThrows(AssertionError.class, () -> adoptPrefix(1, STEPS - 20));
    }

    @Test
    void shouldSeeAKeyThatNobodyWrote() {
        apply(1, STEPS);
        assertEquals(adoptPrefix(1, MOST), adoptPrefix(1, MOST));
        store.put(TestData.key(1), TestData.value(1, 1, 10));
        assertThrows(AssertionError.class, () -> keys.check(store, "here"));
    }
}
