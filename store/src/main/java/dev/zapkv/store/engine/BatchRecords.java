/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.store.format.RecordFormat;
import java.lang.foreign.MemorySegment;

/// The records of a batch, side by side in one claimed place. The first one's length is stored last and taken away
/// first: without it the others do not count, see {@link RecordFormat#FLAG_BATCH_PART}.
final class BatchRecords {
    private static final byte[] NOTHING = {};

    private final RecordWriter writer;
    private final MemorySegment memory;
    private final byte[][] keys;
    private final byte[][] values;
    private final long[] offsets;
    private final long[] positions;

    /// @param values a null element deletes
    BatchRecords(final RecordWriter writer, final MemorySegment memory, final byte[][] keys, final byte[][] values) {
        this.writer = writer;
        this.memory = memory;
        this.keys = keys;
        this.values = values;
        offsets = new long[keys.length];
        positions = new long[keys.length];
    }

    int size() {
        return keys.length;
    }

    byte[] key(final int i) {
        return keys[i];
    }

    int valueLength(final int i) {
        return values[i] == null ? 0 : values[i].length;
    }

    /// Log position of a record.
    long position(final int i) {
        return positions[i];
    }

    int flags(final int i) {
        return (i > 0 ? RecordFormat.FLAG_BATCH_PART : 0) | (values[i] == null ? RecordFormat.FLAG_TOMBSTONE : 0);
    }

    /// Bytes that a record takes.
    int length(final int i) {
        return RecordFormat.align(recordLength(i));
    }

    private int recordLength(final int i) {
        return RecordFormat.length(keys[i].length, valueLength(i));
    }

    /// Writes and commits all records.
    void write(final long offset, final long position) {
        long at = 0;
        for (int i = 0; i < keys.length; i++) {
            offsets[i] = offset + at;
            positions[i] = position + at;
            write(i, flags(i));
            at += length(i);
        }
        commitAll();
    }

    /// Turns all records into padding.
    void cancel() {
        RecordWriter.withdraw(memory, offsets[0]);
        for (int i = 0; i < keys.length; i++) {
            write(i, flags(i) | RecordFormat.FLAG_PADDING);
        }
        commitAll();
    }

    private void commitAll() {
        for (int i = keys.length - 1; i >= 0; i--) {
            RecordWriter.commit(memory, offsets[i], recordLength(i));
        }
    }

    private void write(final int i, final int flags) {
        final byte[] value = values[i] == null ? NOTHING : values[i];
        writer.write(memory, offsets[i], positions[i], flags, keys[i], value, 0, value.length);
    }
}
