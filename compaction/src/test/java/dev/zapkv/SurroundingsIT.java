/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// The machine does not play along: another process has the store, the disk is read-only, shared memory is short, the
/// JVM lacks flags. A full disk: {@link StoreOnFullDiskIT}.
@Tag("integration")
class SurroundingsIT {
    private static final long CAPACITY = 32L << 20;

    @TempDir
    private Path root;

    private SmallDisk disk;

    private Context context(final Path directory) {
        return new Context().directory(directory).capacityBytes(CAPACITY).memoryBytes(32 << 20);
    }

    @AfterEach
    void unmount() throws IOException, InterruptedException {
        if (disk != null) {
            disk.unmount();
        }
    }

    /// Opens a store, says so, and waits for the end of its input.
    static final class Holder {
        private Holder() {}

        /// Holds the store.
        ///
        /// @param args the directory
        public static void main(final String[] args) throws IOException {
            try (ZapKv store = ZapKv.open(new Context()
                    .directory(Path.of(args[0]))
                    .capacityBytes(CAPACITY)
                    .memoryBytes(32 << 20))) {
                store.put(TestData.key(1), TestData.value(1, 1, 100));
                System.out.println("asynchronousIo " + store.stats().asynchronousIo());
                System.out.println("ready");
                System.out.flush();
                while (System.in.read() >= 0) {
                    // Until the parent closes the pipe.
                }
            } catch (final ZapKvException e) {
                System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
            }
        }
    }

    private String awaitOutput(final Process child, final File output, final String word) throws Exception {
        while (true) {
            final String text = Files.readString(output.toPath(), StandardCharsets.UTF_8);
            if (text.contains(word) || child.waitFor(5, TimeUnit.MILLISECONDS)) {
                return Files.readString(output.toPath(), StandardCharsets.UTF_8);
            }
        }
    }

    @Test
    void shouldNameTheProcessThatHoldsTheStore() throws Exception {
        final Path directory = root.resolve("store");
        final File output = root.resolve("output").toFile();
        final Process holder = ChildJvm.start(Holder.class, ChildJvm.FLAGS, output, directory.toString());
        try {
            final String text = awaitOutput(holder, output, "ready");
            assertTrue(text.contains("ready"), text);
            final StoreLockedException e =
                    assertThrows(StoreLockedException.class, () -> ZapKv.open(context(directory)));
            assertTrue(e.getMessage().contains("process " + holder.pid()), e.getMessage());
        } finally {
            holder.destroyForcibly().waitFor();
        }
        try (ZapKv store = ZapKv.open(context(directory))) {
            assertArrayEquals(TestData.value(1, 1, 100), store.get(TestData.key(1)));
        }
    }

    @Test
    void shouldNameTheFlagsThatTheJvmLacks() throws Exception {
        final File output = root.resolve("output").toFile();
        final Process child = ChildJvm.start(
                Holder.class, List.of(), output, root.resolve("store").toString());
        final String text = awaitOutput(child, output, "Exception");
        child.destroyForcibly().waitFor();
        assertTrue(text.contains("ConfigurationException: the JVM lacks flags"), text);
        assertTrue(text.contains("--add-opens java.base/jdk.internal.misc=ALL-UNNAMED"), text);
        assertTrue(text.contains("--enable-native-access=ALL-UNNAMED"), text);
    }

    @Test
    void shouldWorkWithoutTheRingWhenToldTo() throws Exception {
        final File output = root.resolve("output").toFile();
        final List<String> flags = new ArrayList<>(ChildJvm.FLAGS);
        flags.add("-Dzapkv.io.async=threads");
        final Process child = ChildJvm.start(
                Holder.class, flags, output, root.resolve("store").toString());
        final String text = awaitOutput(child, output, "ready");
        child.getOutputStream().close();
        assertEquals(0, child.waitFor(), text);
        assertTrue(text.contains("asynchronousIo") && text.contains("thread"), text);
    }

    @Test
    void shouldRefuseAReadOnlyDirectory() throws Exception {
        disk = SmallDisk.mount(root.resolve("disk"), "64m");
        final Path directory = disk.path().resolve("store");
        try (ZapKv store = ZapKv.open(context(directory))) {
            store.put(TestData.key(1), TestData.value(1, 1, 100));
        }
        disk.remount("ro");
        final ConfigurationException e =
                assertThrows(ConfigurationException.class, () -> ZapKv.open(context(directory)));
        assertTrue(e.getMessage().contains(directory.toString()), e.getMessage());
        assertTrue(e.getMessage().contains("read-only"), e.getMessage());
        disk.remount("rw");
        try (ZapKv store = ZapKv.open(context(directory))) {
            assertArrayEquals(TestData.value(1, 1, 100), store.get(TestData.key(1)));
        }
    }

    @Test
    void shouldRefuseStagingThatDoesNotFit() throws Exception {
        disk = SmallDisk.mount(root.resolve("shm"), "1m");
        final Path tiny = disk.path();
        final Path directory = root.resolve("store");
        final ConfigurationException e = assertThrows(
                ConfigurationException.class,
                () -> ZapKv.open(context(directory).stagingDirectory(tiny)));
        for (final String part : List.of("shared memory", "memoryBytes", "stagingDirectory", tiny.toString())) {
            assertTrue(e.getMessage().contains(part), e.getMessage());
        }
        try (var left = Files.list(tiny)) {
            assertEquals(0, left.count(), "a partial staging file was left");
        }
        try (ZapKv store = ZapKv.open(context(directory).stagingDirectory(directory))) {
            store.put(TestData.key(1), TestData.value(1, 1, 100));
            assertTrue(store.stats().stagingLocation().startsWith(directory.toString()));
        }
    }
}
