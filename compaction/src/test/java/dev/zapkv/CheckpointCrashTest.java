/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.sim.SimCrash;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Power fails right after a checkpoint. No block is appended for the time it has waited: the clock stands still.
class CheckpointCrashTest {
    private static final ZoneGeometry GEOMETRY = new ZoneGeometry(4096, 1 << 20, 1 << 20, 64, 0, 0, 128 << 10);

    @TempDir
    private Path directory;

    private ZapKv open(final SimMedia media, final String staging) {
        return ZapKv.open(new Context()
                .device(new SimZoneDevice(media, SimOptions.DEFAULT, new SplittableRandom(1)))
                .stagingDirectory(directory.resolve(staging))
                .memoryBytes(32 << 20)
                .threaded(false)
                .nanoClock(() -> 0));
    }

    /// What was left out of the checkpoint, because it lay in staging, has to be on the device when the checkpoint
    /// counts:
    /// else neither it nor what it replaced would be found.
    @Test
    void shouldHoldWhatReplacedARecordWhileTheIndexWasDumped() throws IOException {
        Files.createDirectories(directory.resolve("first"));
        Files.createDirectories(directory.resolve("second"));
        final SimMedia media = new SimMedia(GEOMETRY);
        try (ZapKv store = open(media, "first")) {
            for (int key = 0; key < 100; key++) {
                store.put(TestData.key(key), TestData.value(key, 1, 500));
            }
            store.flush();
            store.put(TestData.key(1), TestData.value(1, 2, 500), WriteOptions.PROCESS);
            assertTrue(store.delete(TestData.key(2), WriteOptions.PROCESS));
            assertTrue(store.checkpoint(), store.stats()::checkpointProblem);
            // Memory forgets, too.
            try (Stream<Path> files = Files.list(directory.resolve("first"))) {
                Files.delete(files.findFirst().orElseThrow());
            }
            final SimMedia crashed = media.crash(SimCrash.POWER, new SplittableRandom(2));
            try (ZapKv reopened = open(crashed, "second")) {
                assertTrue(reopened.stats().recovery().contains("checkpoint 1 read"), reopened.stats()::recovery);
                assertArrayEquals(TestData.value(1, 2, 500), reopened.get(TestData.key(1)));
                assertNull(reopened.get(TestData.key(2)));
                for (int key = 3; key < 100; key++) {
                    assertArrayEquals(TestData.value(key, 1, 500), reopened.get(TestData.key(key)), "key " + key);
                }
            }
        }
    }
}
