/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.io.IOException;

/// Reads entries from a stream, one after another.
interface EntryReader {
    /// The next entry, or null at the end.
    Entry next() throws IOException, MalformedEntryException;

    /// The line on which the entry read last begins, counted from 1; while reading failed, the line reached.
    long line();
}
