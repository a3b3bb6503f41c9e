/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.fuzz;

import static dev.zapkv.store.format.LittleEndian.INT;

import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.RecordFormat;
import java.lang.foreign.MemorySegment;
import java.util.zip.CRC32C;

/// Makes checksums hold, so that a fuzzer gets past them. What they cover is not touched.
public final class Checksums {
    private static final CRC32C CRC = new CRC32C();

    private Checksums() {}

    /// Of whatever begins like a block at a multiple of the step, and of its records.
    public static void repairBlocks(final MemorySegment memory, final int step) {
        for (long at = 0; at + BlockFormat.HEADER_LENGTH <= memory.byteSize(); at += step) {
            if (BlockFormat.hasMagic(memory, at)) {
                repairBlock(memory, at);
            }
        }
    }

    private static void repairBlock(final MemorySegment memory, final long at) {
        final long payload = at + BlockFormat.HEADER_LENGTH;
        final int length = BlockFormat.payloadLength(memory, at);
        if (length >= 0 && length <= memory.byteSize() - payload) {
            repairRecords(memory, payload, payload + length);
            memory.set(INT, at + BlockFormat.PAYLOAD_CRC_OFFSET, crc(memory, payload, length));
        }
        memory.set(INT, at + BlockFormat.HEADER_CRC_OFFSET, crc(memory, at, BlockFormat.HEADER_CRC_OFFSET));
    }

    /// Of records that lie back to back.
    public static void repairRecords(final MemorySegment memory, final long from, final long end) {
        long at = from;
        while (end - at >= RecordFormat.HEADER_LENGTH) {
            final int length = RecordFormat.length(memory, at);
            if (length <= RecordFormat.HEADER_LENGTH || length > end - at) {
                return;
            }
            repairRecord(memory, at, length);
            at += RecordFormat.align(length);
        }
    }

    /// Of one record.
    public static void repairRecord(final MemorySegment memory, final long at, final int length) {
        memory.set(
                INT,
                at + RecordFormat.CRC_OFFSET,
                crc(memory, at + RecordFormat.LENGTH_OFFSET, length - RecordFormat.LENGTH_OFFSET));
    }

    /// CRC32C of a range.
    public static int crc(final MemorySegment memory, final long from, final long length) {
        CRC.reset();
        CRC.update(memory.asSlice(from, length).asByteBuffer());
        return (int) CRC.getValue();
    }
}
