/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assumptions.assumeTrue;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.channels.FileChannel;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;

/// A small file system of its own, in memory, so that the kernel says when it is full.
final class SmallDisk {
    private static final String FILLER = "filler";
    private static final int LARGEST_PIECE = 1 << 20;
    private static final int SMALLEST_PIECE = 512;

    private final Path mount;

    private SmallDisk(final Path mount) {
        this.mount = mount;
    }

    /// Mounts a disk, or has the test skipped where that may not be done.
    ///
    /// @param mount directory to be made
    /// @param size  as mount takes it
    static SmallDisk mount(final Path mount, final String size) throws IOException, InterruptedException {
        Files.createDirectory(mount);
        assumeTrue(
                run("mount", "-t", "tmpfs", "-o", "size=" + size, "tmpfs", mount.toString()) == 0,
                "no tmpfs could be mounted: run as root, with CAP_SYS_ADMIN, to test this");
        return new SmallDisk(mount);
    }

    private static int run(final String... command) throws IOException, InterruptedException {
        return new ProcessBuilder(command)
                .redirectErrorStream(true)
                .redirectOutput(ProcessBuilder.Redirect.DISCARD)
                .start()
                .waitFor();
    }

    /// Where it is mounted.
    Path path() {
        return mount;
    }

    /// Mounts it anew with other options.
    void remount(final String options) throws IOException, InterruptedException {
        assertEquals(0, run("mount", "-o", "remount," + options, mount.toString()), "remount " + mount);
    }

    /// Has somebody else take so much of it.
    void take(final int bytes) throws IOException {
        append(ByteBuffer.allocate(bytes));
    }

    /// Has somebody else take all that is left of it, to the last page.
    void takeAll() {
        int piece = LARGEST_PIECE;
        while (piece >= SMALLEST_PIECE) {
            try {
                append(ByteBuffer.allocate(piece));
            } catch (final IOException e) {
                piece /= 2;
            }
        }
    }

    private void append(final ByteBuffer bytes) throws IOException {
        try (FileChannel filler = FileChannel.open(
                mount.resolve(FILLER),
                StandardOpenOption.CREATE,
                StandardOpenOption.WRITE,
                StandardOpenOption.APPEND)) {
            while (bytes.hasRemaining()) {
                filler.write(bytes);
            }
        }
    }

    /// Gives back what somebody else took.
    void giveBack() throws IOException {
        Files.delete(mount.resolve(FILLER));
    }

    /// Takes it away with all that is on it.
    void unmount() throws IOException, InterruptedException {
        assertEquals(0, run("umount", mount.toString()), "umount " + mount);
    }
}
