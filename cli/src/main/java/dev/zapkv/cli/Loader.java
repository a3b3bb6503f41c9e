/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.Durability;
import dev.zapkv.WriteOptions;
import dev.zapkv.ZapKv;
import dev.zapkv.ZapKvException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.HashSet;
import java.util.Set;

/// Puts the entries of files into a store. They are written at the `PROCESS` level and flushed once at the end,
/// which is as safe when the command returns as flushing each, and far faster. What goes wrong in the middle leaves
/// everything before it kept and flushed.
final class Loader {
    private final ZapKv store;
    private final Durability durability;
    private final EntryProgress progress;
    private final Set<String> packages = new HashSet<>();

    private long entries;
    private long bytes;
    private long repeatedPackages;

    Loader(final ZapKv store, final Durability durability, final EntryProgress progress) {
        this.store = store;
        this.durability = durability;
        this.progress = progress;
    }

    /// Puts everything that is in the files, and makes it as durable as asked.
    void load(final EntryFiles files) {
        for (final EntryFile file : files.all()) {
            load(file, files);
        }
        finish();
    }

    private void load(final EntryFile file, final EntryFiles files) {
        try {
            for (Entry entry = file.reader().next();
                    entry != null;
                    entry = file.reader().next()) {
                put(file, entry);
                progress.update(entries, bytes, files.bytesRead(), files.sizeBytes());
            }
        } catch (final MalformedEntryException e) {
            throw stop(file, e.line(), e.getMessage(), e);
        } catch (final IOException e) {
            throw stop(file, file.reader().line(), "cannot be read: " + e.getMessage(), e);
        } catch (final ZapKvException | IllegalArgumentException e) {
            throw stop(file, file.reader().line(), e.getMessage(), e);
        }
    }

    private void finish() {
        if (durability != Durability.PROCESS) {
            store.flush();
        }
    }

    /// Entries put.
    long entries() {
        return entries;
    }

    /// Bytes of keys and values put.
    long bytes() {
        return bytes;
    }

    /// Paragraphs of control files whose package had been there before in the same load.
    long repeatedPackages() {
        return repeatedPackages;
    }

    private void put(final EntryFile file, final Entry entry) {
        store.put(entry.key(), entry.value(), WriteOptions.PROCESS);
        entries++;
        bytes += entry.key().length + entry.value().length;
        if (file.format() == InputFormat.DEBIAN_CONTROL
                && !packages.add(new String(entry.key(), StandardCharsets.ISO_8859_1))) {
            repeatedPackages++;
        }
    }

    private CommandException stop(final EntryFile file, final long line, final String reason, final Exception cause) {
        final String where = file.name() + ", line " + line + ": " + reason;
        final String kept = Human.count(entries, "entry", "entries") + " before it " + (entries == 1 ? "is" : "are")
                + " in the store";
        try {
            finish();
        } catch (final ZapKvException e) {
            cause.addSuppressed(e);
            return CommandException.failed(where + " (" + kept + ", but not flushed: " + e.getMessage() + ')', cause);
        }
        final String flushed = durability == Durability.PROCESS ? "" : " and flushed";
        return CommandException.failed(where + " (" + kept + flushed + ')', cause);
    }
}
