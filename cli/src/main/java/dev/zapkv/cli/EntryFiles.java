/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.io.IOException;
import java.io.InputStream;
import java.util.ArrayList;
import java.util.List;

/// The files of one load, all open.
final class EntryFiles implements AutoCloseable {
    private final List<EntryFile> all = new ArrayList<>();

    private EntryFiles() {}

    /// Opens all of them or none.
    static EntryFiles open(final List<String> paths, final InputStream standardInput, final InputFormat wanted)
            throws IOException {
        final EntryFiles files = new EntryFiles();
        try {
            for (final String path : paths) {
                files.all.add(EntryFile.open(path, standardInput, wanted));
            }
        } catch (final IOException | RuntimeException e) {
            files.close();
            throw e;
        }
        return files;
    }

    List<EntryFile> all() {
        return all;
    }

    /// Bytes read so far of all of them.
    long bytesRead() {
        long sum = 0;
        for (final EntryFile file : all) {
            sum += file.bytesRead();
        }
        return sum;
    }

    /// Size of all of them on disk, or -1 if one is not known.
    long sizeBytes() {
        long sum = 0;
        for (final EntryFile file : all) {
            if (file.sizeBytes() < 0) {
                return -1;
            }
            sum += file.sizeBytes();
        }
        return sum;
    }

    @Override
    public void close() throws IOException {
        for (final EntryFile file : all) {
            file.close();
        }
    }
}
