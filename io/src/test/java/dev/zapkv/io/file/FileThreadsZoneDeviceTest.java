/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.AsyncIo;

/// The contract on a directory, with THREADS.
final class FileThreadsZoneDeviceTest extends FileZoneDeviceContract {
    FileThreadsZoneDeviceTest() {
        super(AsyncIo.THREADS);
    }
}
