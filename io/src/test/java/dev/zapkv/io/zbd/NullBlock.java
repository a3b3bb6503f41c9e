/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.zbd;

import dev.zapkv.io.linux.FileStatus;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Map;

/// A null_blk device in memory, made through configfs: root and the module are needed.
final class NullBlock implements AutoCloseable {
    private static final Path CONFIG = Path.of("/sys/kernel/config/nullb");

    private final Path directory;

    private NullBlock(final Path directory) {
        this.directory = directory;
    }

    /// Makes a device.
    static NullBlock create(final String name, final Map<String, String> attributes) throws IOException {
        final NullBlock device = new NullBlock(CONFIG.resolve(name));
        Files.createDirectory(device.directory);
        device.set("memory_backed", "1");
        for (final Map.Entry<String, String> attribute : attributes.entrySet()) {
            device.set(attribute.getKey(), attribute.getValue());
        }
        device.set("power", "1");
        return device;
    }

    boolean has(final String attribute) {
        return Files.exists(directory.resolve(attribute));
    }

    void set(final String attribute, final String value) throws IOException {
        Files.writeString(directory.resolve(attribute), value);
    }

    /// Its node, once it is there.
    Path node() {
        final Path node = Path.of("/dev", directory.getFileName().toString());
        final long start = System.nanoTime();
        while (!Files.exists(node)) {
            if (System.nanoTime() - start > 10_000_000_000L) {
                throw new AssertionError(node + " did not appear within 10 s");
            }
            Thread.onSpinWait();
        }
        if (!FileStatus.of(node).isBlockDevice()) {
            throw new AssertionError(node + " is no block device");
        }
        return node;
    }

    @Override
    public void close() throws IOException {
        set("power", "0");
        Files.delete(directory);
    }
}
