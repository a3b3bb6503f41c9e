/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.read;

import static java.nio.charset.StandardCharsets.UTF_8;

import dev.zapkv.CorruptionException;
import dev.zapkv.checks.fuzz.Checksums;
import dev.zapkv.checks.fuzz.FuzzInput;
import dev.zapkv.checks.fuzz.FuzzTarget;
import dev.zapkv.checks.fuzz.RawZones;
import dev.zapkv.checks.fuzz.SeedBlock;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.index.PointIndex;
import dev.zapkv.store.log.YoungCache;
import dev.zapkv.zone.Stream;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/// A read from the device, through an index entry that may be wrong about what lies there: the value of the
/// very key, nothing, or a {@link CorruptionException}.
public final class RecordReaderTarget implements FuzzTarget {
    private static final int PREFIX = 4;
    private static final int UNITS_MAX = 255;
    private static final int RECORD_BYTES = 4 << 10;

    private final RawZones device = new RawZones();
    private final PointIndex index = new PointIndex(1, 1 << 20);
    private final YoungCache young = new YoungCache(RawZones.GEOMETRY, 2 << 20, () -> 0);
    private final RecordReader reader = new RecordReader(index, null, young, device, zone -> false);

    @Override
    public List<byte[]> seeds() {
        final byte[] key = "key".getBytes(UTF_8);
        final byte[] value = "a value".getBytes(UTF_8);
        final byte[] large = new LargeHead(7, 1 << 20, 1 << 15).encode();
        return List.of(
                input(0, 3, key, value),
                input(1, 3, key, value),
                input(2, 4, key, large),
                input(1 | RecordFormat.FLAG_RELOCATED << 2, 3, "12345678key".getBytes(UTF_8), value));
    }

    private static byte[] input(final int form, final int units, final byte[] key, final byte[] value) {
        final byte[] block = new SeedBlock(Stream.HOST, 1, 64 << 10)
                .add(form >>> 2, key, value)
                .seal(0);
        final byte[] record = Arrays.copyOfRange(block, BlockFormat.HEADER_LENGTH, block.length);
        return RawZones.concatenated(new byte[] {(byte) form, (byte) units, 0, 0}, record);
    }

    /// Form: bit 0 repairs the checksum, bit 1 makes the entry that of a large value, bit 7 asks for a chunk.
    @Override
    public void run(final byte[] bytes) {
        final FuzzInput input = new FuzzInput(Arrays.copyOf(bytes, Math.min(bytes.length, PREFIX)));
        final int form = input.u8();
        final int units = 1 + input.u8() % UNITS_MAX;
        final byte[] record = padded(bytes);
        final byte[] key = load(record, (form & 1) != 0);
        final long entry = IndexEntry.device(0, (form & 2) != 0 ? IndexEntry.LARGE | units : units, false);
        index.set(1, 1, entry);
        try {
            final ReadContext found = reader.read(key, 1, 1, (form & 0x80) != 0, null, 0);
            if (found != null) {
                check(key, found.value(), record);
            }
            reader.read(key, 1, 1, (form & 0x80) != 0, new byte[3], 1);
            reader.readEntry(entry, () -> true);
        } catch (final CorruptionException e) {
            // as documented
            return;
        }
    }

    /// The record's bytes, and zeros as they lie behind them in the zone.
    private static byte[] padded(final byte[] bytes) {
        final byte[] record = new byte[RECORD_BYTES];
        final int length = Math.clamp(bytes.length - PREFIX, 0, RECORD_BYTES);
        System.arraycopy(bytes, Math.min(PREFIX, bytes.length), record, 0, length);
        return record;
    }

    /// Puts a record at the beginning of a zone.
    ///
    /// @return the key it has, if it is one
    private byte[] load(final byte[] record, final boolean repair) {
        final MemorySegment memory = MemorySegment.ofArray(record);
        final boolean header = record.length >= RecordFormat.HEADER_LENGTH;
        if (repair && header) {
            final int length = RecordFormat.length(memory, 0);
            if (length > RecordFormat.HEADER_LENGTH && length <= record.length) {
                Checksums.repairRecord(memory, 0, length);
            }
        }
        final int blocks = Math.min(
                (int) RawZones.GEOMETRY.zoneCapacity() / RawZones.GEOMETRY.blockSize(),
                record.length / RawZones.GEOMETRY.blockSize() + 1);
        final byte[] zone =
                RawZones.zone(ZoneState.OPEN, Arrays.copyOf(record, blocks * RawZones.GEOMETRY.blockSize()));
        device.load(new FuzzInput(zone), 0, 1, false);
        if (header) {
            final int from = RecordFormat.keyOffset(RecordFormat.flags(memory, 0));
            final int end = from + RecordFormat.keyLength(memory, 0);
            if (end <= record.length) {
                return Arrays.copyOfRange(record, from, end);
            }
        }
        return new byte[] {1};
    }

    private static void check(final byte[] key, final byte[] value, final byte[] record) {
        final MemorySegment memory = MemorySegment.ofArray(record);
        final int from = RecordFormat.keyOffset(RecordFormat.flags(memory, 0)) + key.length;
        final int end = RecordFormat.length(memory, 0);
        if (value.length != end - from || !Arrays.equals(value, 0, value.length, record, from, end)) {
            throw new AssertionError("another value than the record's");
        }
    }
}
