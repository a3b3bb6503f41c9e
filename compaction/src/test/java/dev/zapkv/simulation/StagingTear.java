/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.log.StagingFile;
import java.io.IOException;
import java.io.UncheckedIOException;
import java.nio.ByteBuffer;
import java.nio.ByteOrder;
import java.nio.channels.FileChannel;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.List;

/// Takes back the end of the write that a process was at when it died. A record counts once its length is stored, and a
/// write stores the lengths of its records from the last to the first: so the first ones are taken away again.
final class StagingTear {
    private static final int BLOCK_BYTES_OFFSET = 32;
    private static final int ALLOCATED_OFFSET = 40;

    private StagingTear() {}

    /// @param records of the write, the last ones in staging
    /// @param missing of them that have no length yet
    static void tear(final Path file, final int records, final int missing) {
        try (FileChannel channel = FileChannel.open(file, StandardOpenOption.READ, StandardOpenOption.WRITE)) {
            final ByteBuffer header = read(channel, 0, StagingFile.SLOTS_OFFSET);
            final int blockBytes = header.getInt(BLOCK_BYTES_OFFSET);
            long newest = 0;
            long slotAt = 0;
            for (int slot = 0; slot < header.getInt(ALLOCATED_OFFSET); slot++) {
                final long at = StagingFile.SLOTS_OFFSET + (long) slot * blockBytes;
                final long block = read(channel, at + BlockFormat.BLOCK_NUMBER_OFFSET, Long.BYTES)
                        .getLong(0);
                if (block > newest) {
                    newest = block;
                    slotAt = at;
                }
            }
            final List<Integer> offsets = offsets(read(channel, slotAt, blockBytes), newest * blockBytes);
            for (final int offset : offsets.subList(offsets.size() - records, offsets.size() - records + missing)) {
                channel.write(ByteBuffer.allocate(Integer.BYTES), slotAt + offset + RecordFormat.LENGTH_OFFSET);
            }
        } catch (final IOException e) {
            throw new UncheckedIOException(e);
        }
    }

    private static List<Integer> offsets(final ByteBuffer slot, final long start) {
        final List<Integer> offsets = new ArrayList<>();
        int at = BlockFormat.HEADER_LENGTH;
        while (at + RecordFormat.HEADER_LENGTH <= slot.capacity()
                && slot.getInt(at + RecordFormat.LENGTH_OFFSET) != 0
                && slot.getLong(at + RecordFormat.LOG_POSITION_OFFSET) == start + at) {
            offsets.add(at);
            at += RecordFormat.align(slot.getInt(at + RecordFormat.LENGTH_OFFSET));
        }
        return offsets;
    }

    private static ByteBuffer read(final FileChannel channel, final long at, final int length) throws IOException {
        final ByteBuffer buffer = ByteBuffer.allocate(length).order(ByteOrder.LITTLE_ENDIAN);
        if (channel.read(buffer, at) != length) {
            throw new IOException("the staging file ends before " + (at + length));
        }
        return buffer.flip();
    }
}
