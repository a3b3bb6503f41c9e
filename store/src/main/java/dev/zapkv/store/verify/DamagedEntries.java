/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import dev.zapkv.Finding;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.EntryCursor;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.index.PointIndex;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.zip.CRC32C;

/// Finds out what is live of a damaged place in a store that is in use.
public final class DamagedEntries implements BlockSink {
    private final ZoneDevice device;
    private final PointIndex index;
    private final KeyNames names;
    private final CRC32C crc = new CRC32C();

    /// @param index of the store
    /// @param hash  of its keys
    public DamagedEntries(final ZoneDevice device, final PointIndex index, final KeyHash hash) {
        this.device = device;
        this.index = index;
        names = new KeyNames(index, hash, device.geometry());
    }

    @Override
    public void block(
            final MemorySegment memory, final ByteBuffer view, final int offset, final int zone, final long at) {
        // Its checksums hold.
    }

    @Override
    public void damagedPayload(
            final MemorySegment memory, final ByteBuffer view, final int offset, final Suspect suspect) {
        names.look(memory, view, offset, suspect, (whole, record, at) -> {});
    }

    /// What it means, after a look at the whole index.
    Finding finding(final Suspect suspect) {
        final long start = device.geometry().address(suspect.zone, suspect.offset);
        final EntryCursor cursor = new EntryCursor(index);
        while (cursor.next()) {
            final long word = cursor.word();
            final long address = IndexEntry.deviceAddress(word);
            if (!IndexEntry.isMemory(word)
                    && address >= start
                    && address < start + suspect.length
                    && isDamaged(address, IndexEntry.lengthBytes(word))
                    && index.getInShard(cursor.shard(), cursor.fingerprint()) == word) {
                suspect.entries++;
            }
        }
        return Verdict.of(suspect, false, false);
    }

    private boolean isDamaged(final long address, final int length) {
        try (Arena arena = Arena.ofConfined()) {
            final MemorySegment memory = arena.allocate(length, RecordFormat.ALIGNMENT);
            device.readSync(address, memory, 0, length);
            return RecordFormat.invalidReason(memory, memory.asByteBuffer(), 0, length, crc) != null;
        } catch (final DeviceException e) {
            return true;
        }
    }
}
