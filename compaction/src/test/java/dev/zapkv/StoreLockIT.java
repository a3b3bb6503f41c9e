/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.File;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Who may have a store open beside whom, across processes.
@Tag("integration")
class StoreLockIT {
    private static final byte[] VALUE = TestData.value(1, 1, 100);

    @TempDir
    private Path root;

    private Path directory;
    private int children;

    /// Opens a store, says so, and holds it until its input ends.
    static final class Opener {
        private Opener() {}

        /// Opens it.
        ///
        /// @param args directory, and whether to read alone
        public static void main(final String[] args) throws IOException {
            try (ZapKv store = ZapKv.open(context(Path.of(args[0])).readOnly(Boolean.parseBoolean(args[1])))) {
                System.out.println("opened " + store.count());
                System.out.flush();
                while (System.in.read() >= 0) {
                    // Until the parent closes the pipe.
                }
            } catch (final ZapKvException e) {
                System.out.println(e.getClass().getSimpleName() + ": " + e.getMessage());
            }
        }
    }

    private static Context context(final Path directory) {
        return new Context().directory(directory).capacityBytes(32L << 20).memoryBytes(32 << 20);
    }

    @BeforeEach
    void fill() {
        directory = root.resolve("store");
        try (ZapKv store = ZapKv.open(context(directory))) {
            store.put(TestData.key(1), VALUE);
        }
    }

    private record Child(Process process, String said) {}

    private Child child(final boolean readOnly) throws IOException, InterruptedException {
        final File output = root.resolve("output-" + children++).toFile();
        final Process process =
                ChildJvm.start(Opener.class, ChildJvm.FLAGS, output, directory.toString(), String.valueOf(readOnly));
        String text = "";
        while (!text.contains("\n") && !process.waitFor(5, TimeUnit.MILLISECONDS)) {
            text = Files.readString(output.toPath(), StandardCharsets.UTF_8);
        }
        return new Child(process, Files.readString(output.toPath(), StandardCharsets.UTF_8));
    }

    @Test
    void shouldLetReadersInBesideReadersAndNameThemToAWriter() throws Exception {
        final Child reader = child(true);
        try {
            assertEquals("opened 1\n", reader.said());
            try (ZapKv store = ZapKv.open(context(directory).readOnly(true))) {
                assertArrayEquals(VALUE, store.get(TestData.key(1)));
            }
            final StoreLockedException e =
                    assertThrows(StoreLockedException.class, () -> ZapKv.open(context(directory)));
            assertTrue(
                    e.getMessage()
                            .contains("read-only in process " + reader.process().pid()),
                    e.getMessage());
        } finally {
            reader.process().destroyForcibly().waitFor();
        }
        ZapKv.open(context(directory)).close();
    }

    @Test
    void shouldKeepReadersOutWhileAWriterIsIn() throws Exception {
        final Child writer = child(false);
        try {
            assertEquals("opened 1\n", writer.said());
            final StoreLockedException e = assertThrows(
                    StoreLockedException.class,
                    () -> ZapKv.open(context(directory).readOnly(true)));
            assertTrue(e.getMessage().contains("in process " + writer.process().pid()), e.getMessage());
            assertFalse(e.getMessage().contains("read-only"), e.getMessage());
        } finally {
            writer.process().destroyForcibly().waitFor();
        }
        try (ZapKv store = ZapKv.open(context(directory).readOnly(true))) {
            assertArrayEquals(VALUE, store.get(TestData.key(1)));
        }
    }

    /// The system drops a process's lock on a file when the process closes that file anywhere.
    @Test
    void shouldStillHoldTheLockAfterAnOpeningInTheSameProcessWasRefused() throws Exception {
        try (ZapKv store = ZapKv.open(context(directory))) {
            assertThrows(StoreLockedException.class, () -> ZapKv.open(context(directory)));
            final Child other = child(false);
            other.process().destroyForcibly().waitFor();
            assertTrue(other.said().startsWith("StoreLockedException: "), other.said());
            assertArrayEquals(VALUE, store.get(TestData.key(1)));
        }
    }

    @Test
    void shouldStillHoldTheLockWhenAnotherReaderOfTheProcessIsDone() throws Exception {
        try (ZapKv store = ZapKv.open(context(directory).readOnly(true))) {
            ZapKv.open(context(directory).readOnly(true)).close();
            final Child other = child(false);
            other.process().destroyForcibly().waitFor();
            assertTrue(other.said().startsWith("StoreLockedException: "), other.said());
            assertArrayEquals(VALUE, store.get(TestData.key(1)));
        }
    }

    @Test
    void shouldReadFromAReadOnlyFileSystem() throws Exception {
        final Path mount = Files.createDirectory(root.resolve("mount"));
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=64m", "tmpfs", mount.toString()) == 0,
                "no tmpfs could be mounted: run as root, with CAP_SYS_ADMIN, to test this");
        try {
            directory = mount.resolve("store");
            fill(directory);
            assertEquals(0, run("mount", "-o", "remount,ro", mount.toString()));
            try (ZapKv store = ZapKv.open(context(directory).readOnly(true))) {
                assertArrayEquals(VALUE, store.get(TestData.key(1)));
            }
        } finally {
            assertEquals(0, run("umount", mount.toString()));
        }
    }

    private static void fill(final Path where) {
        try (ZapKv store = ZapKv.open(context(where))) {
            store.put(TestData.key(1), VALUE);
        }
    }

    private static int run(final String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }
}
