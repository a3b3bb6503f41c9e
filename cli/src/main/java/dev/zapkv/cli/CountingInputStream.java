/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.io.FilterInputStream;
import java.io.IOException;
import java.io.InputStream;

/// Counts the bytes read, for the progress line.
final class CountingInputStream extends FilterInputStream {
    private long count;

    CountingInputStream(final InputStream in) {
        super(in);
    }

    long count() {
        return count;
    }

    @Override
    public int read() throws IOException {
        final int read = in.read();
        count += read < 0 ? 0 : 1;
        return read;
    }

    @Override
    public int read(final byte[] target, final int offset, final int length) throws IOException {
        final int read = in.read(target, offset, length);
        count += Math.max(0, read);
        return read;
    }

    @Override
    public long skip(final long wanted) throws IOException {
        final long skipped = in.skip(wanted);
        count += skipped;
        return skipped;
    }

    @Override
    public boolean markSupported() {
        return false;
    }
}
