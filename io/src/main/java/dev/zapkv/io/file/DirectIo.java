/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

/// Whether appends and asynchronous reads pass the page cache by.
public enum DirectIo {
    /// Yes where the file system can; otherwise through the page cache, and reported in the capabilities.
    AUTO,
    /// Yes, or an error.
    REQUIRED,
    /// No.
    OFF
}
