/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneDeviceContractTest;
import dev.zapkv.io.ZoneGeometry;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import org.junit.jupiter.api.io.TempDir;

/// The contract on a directory.
abstract class FileZoneDeviceContract extends ZoneDeviceContractTest {
    private final FileDeviceOptions options;

    @TempDir
    private Path root;

    private Path directory;

    FileZoneDeviceContract(final AsyncIo asyncIo) {
        options = FileDeviceOptions.DEFAULT.withAsyncIo(asyncIo).withQueueDepth(QUEUE_DEPTH);
    }

    @Override
    protected ZoneDevice create(final ZoneGeometry geometry) throws IOException {
        directory = Files.createTempDirectory(root, "device");
        return FileZoneDevice.create(directory, geometry, options);
    }

    @Override
    protected ZoneDevice reopen() {
        return FileZoneDevice.open(directory, options);
    }
}
