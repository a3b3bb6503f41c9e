/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class FileSpaceTest {
    private static final int LENGTH = (2 << 20) + 4096;

    @TempDir
    private Path directory;

    @Test
    void shouldFillWhatIsMissingWithZeros() throws IOException {
        final byte[] there = "there already".getBytes(StandardCharsets.UTF_8);
        final Path file = Files.write(directory.resolve("file"), there);
        final int fd = Libc.open(file.toString(), Libc.O_RDWR, 0);
        try {
            assertEquals(0, FileSpace.fill(fd, there.length, LENGTH));
            assertEquals(0, FileSpace.fill(fd, LENGTH, LENGTH));
        } finally {
            Libc.close(fd);
        }
        assertArrayEquals(Arrays.copyOf(there, LENGTH), Files.readAllBytes(file));
    }

    @Test
    void shouldSayWhyItCannot() throws IOException {
        final Path file = Files.write(directory.resolve("file"), new byte[1]);
        final int fd = Libc.open(file.toString(), Libc.O_RDONLY, 0);
        try {
            assertTrue(FileSpace.fill(fd, 1, LENGTH) < 0);
            assertTrue(FileSpace.reserve(fd, LENGTH) < 0);
        } finally {
            Libc.close(fd);
        }
        assertFalse(FileSpace.isFull(0));
        assertFalse(FileSpace.isFull(-Errno.EIO));
        assertTrue(FileSpace.isFull(-Errno.ENOSPC));
        assertTrue(FileSpace.isFull(-Errno.EDQUOT), "no space for this user");
    }

    @Test
    void shouldKeepTheSpaceOfAFileThatIsTakenAway() throws IOException {
        final Path file = directory.resolve("file");
        final Path kept = DurableFiles.temporary(file);
        DurableFiles.withdraw(file, LENGTH);
        assertEquals(LENGTH, Files.size(kept));
        DurableFiles.replace(file, new byte[] {1, 2});
        assertFalse(Files.exists(kept));
        assertArrayEquals(new byte[] {1, 2}, Files.readAllBytes(file), "what was reserved is no part of it");
        DurableFiles.withdraw(file, LENGTH);
        assertFalse(Files.exists(file));
        assertEquals(LENGTH, Files.size(kept));
    }
}
