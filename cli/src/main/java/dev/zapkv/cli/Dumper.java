/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.ZapKv;
import java.io.IOException;
import java.io.OutputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// Writes the entries of a store as JSON lines.
final class Dumper {
    private final ZapKv store;
    private final EntryProgress progress;
    private final long keys;

    private long entries;
    private long bytes;

    Dumper(final ZapKv store, final EntryProgress progress) {
        this.store = store;
        this.progress = progress;
        this.keys = store.count();
    }

    /// Writes every entry.
    ///
    /// @param sorted by key bytes, unsigned; all keys are then held in memory, values are read one by one
    void dump(final OutputStream out, final boolean sorted) throws IOException {
        try (JsonLinesWriter lines = new JsonLinesWriter(out)) {
            if (sorted) {
                dumpSorted(lines);
            } else {
                store.forEach((key, value) -> write(lines, key, value));
            }
            lines.flush();
        } catch (final UncheckedIOException e) {
            throw e.getCause();
        }
    }

    /// Entries written.
    long entries() {
        return entries;
    }

    /// Bytes of keys and values written.
    long bytes() {
        return bytes;
    }

    private void dumpSorted(final JsonLinesWriter lines) {
        final List<byte[]> sortedKeys = new ArrayList<>();
        store.forEach((key, value) -> sortedKeys.add(key));
        sortedKeys.sort(Arrays::compareUnsigned);
        for (final byte[] key : sortedKeys) {
            write(lines, key, store.get(key));
        }
    }

    /// The store's own loop has no checked exceptions.
    private void write(final JsonLinesWriter lines, final byte[] key, final byte[] value) {
        try {
            lines.write(key, value);
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
        entries++;
        bytes += key.length + value.length;
        progress.update(entries, bytes, entries, keys);
    }
}
