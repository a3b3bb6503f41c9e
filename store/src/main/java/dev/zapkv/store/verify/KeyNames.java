/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LittleEndian;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.HashDomain;
import dev.zapkv.zone.Stream;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// Looks for what can still be said of a block whose payload is damaged: which records the index points at,
/// and the keys
/// of those that are damaged, as far as their bytes are still those of such a key.
final class KeyNames {
    private static final int MOST = 10;

    private final PointIndex index;
    private final KeyHash hash;
    private final ZoneGeometry geometry;
    private final CRC32C crc = new CRC32C();

    KeyNames(final PointIndex index, final KeyHash hash, final ZoneGeometry geometry) {
        this.index = index;
        this.hash = hash;
        this.geometry = geometry;
    }

    /// Hears of records that are whole and that the index points at.
    interface Whole {
        void record(MemorySegment memory, int record, long at);
    }

    /// Looks at a block.
    ///
    /// @param offset of its header
    void look(
            final MemorySegment memory,
            final ByteBuffer view,
            final int offset,
            final Suspect suspect,
            final Whole whole) {
        final int stream = BlockFormat.streamCode(memory, offset);
        if (stream != Stream.HOST.code() && stream != Stream.GC.code()) {
            return;
        }
        final int end = offset + BlockFormat.HEADER_LENGTH + BlockFormat.payloadLength(memory, offset);
        int record = offset + BlockFormat.HEADER_LENGTH;
        while (end - record >= RecordFormat.HEADER_LENGTH) {
            final int flags = RecordFormat.flags(memory, record);
            final int keyLength = RecordFormat.keyLength(memory, record);
            final int key = record + RecordFormat.keyOffset(flags);
            final int length = RecordFormat.length(memory, record);
            final boolean valid = RecordFormat.invalidReason(memory, view, record, end, crc) == null;
            final long at = suspect.offset + (record - offset);
            if (key + keyLength <= end && liesAt(memory, key, keyLength, flags, suspect.zone, at)) {
                if (valid) {
                    whole.record(memory, record, at);
                } else if ((flags & RecordFormat.FLAG_CHUNK) == 0 && suspect.names.size() < MOST) {
                    suspect.names.add(memory.asSlice(key, keyLength).toArray(LittleEndian.BYTE));
                }
            }
            if (length <= RecordFormat.HEADER_LENGTH || length > end - record) {
                return;
            }
            record += RecordFormat.align(length);
        }
    }

    private boolean liesAt(
            final MemorySegment memory,
            final int key,
            final int keyLength,
            final int flags,
            final int zone,
            final long offset) {
        final boolean chunk = (flags & RecordFormat.FLAG_CHUNK) != 0;
        final long entry = index.get(
                HashDomain.of(hash.fingerprint(memory, key, keyLength), chunk), hash.location(memory, key, keyLength));
        return entry != 0
                && !IndexEntry.isMemory(entry)
                && IndexEntry.deviceAddress(entry) == geometry.address(zone, offset);
    }
}
