/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.AsyncIo;

/// The contract on a directory, with IO_URING.
final class FileUringZoneDeviceTest extends FileZoneDeviceContract {
    FileUringZoneDeviceTest() {
        super(AsyncIo.IO_URING);
    }
}
