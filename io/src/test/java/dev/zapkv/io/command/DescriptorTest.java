/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.linux.Libc;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.atomic.AtomicInteger;
import org.junit.jupiter.api.Test;

/// A descriptor is closed once, by its last user.
final class DescriptorTest {
    private static int eventfd() {
        final int fd = Libc.eventfd(0, Libc.EFD_CLOEXEC);
        assertTrue(fd >= 0);
        return fd;
    }

    private static boolean isOpen(final int fd) {
        return Files.exists(Path.of("/proc/self/fd/" + fd));
    }

    @Test
    void shouldCloseWhenTheLastUserIsThrough() {
        final Descriptor descriptor = new Descriptor(eventfd());
        assertTrue(descriptor.acquire());
        assertTrue(descriptor.acquire());
        descriptor.close();
        descriptor.close();
        assertFalse(descriptor.acquire());
        descriptor.release();
        assertTrue(isOpen(descriptor.fd()));
        descriptor.release();
        assertFalse(isOpen(descriptor.fd()));
        assertFalse(descriptor.acquire());
        descriptor.close();
    }

    @Test
    void shouldNeverBeClosedUnderAUser() throws InterruptedException {
        for (int round = 0; round < 200; round++) {
            final Descriptor descriptor = new Descriptor(eventfd());
            final AtomicInteger failures = new AtomicInteger();
            final CountDownLatch started = new CountDownLatch(3);
            final List<Thread> users = new ArrayList<>();
            for (int i = 0; i < 3; i++) {
                users.add(Thread.ofPlatform().start(() -> {
                    started.countDown();
                    while (descriptor.acquire()) {
                        if (Libc.lseek(descriptor.fd(), 0, 0) == -9) {
                            failures.incrementAndGet(); // EBADF
                        }
                        descriptor.release();
                    }
                }));
            }
            started.await();
            descriptor.close();
            for (final Thread user : users) {
                user.join();
            }
            assertEquals(0, failures.get());
            assertFalse(isOpen(descriptor.fd()));
        }
    }
}
