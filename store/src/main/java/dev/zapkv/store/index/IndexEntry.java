/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.index;

/// What the 64-bit word of an index entry means. Words are plain `long`s: nothing is allocated for one.
///
/// ```
///   63  62  61                                      20  19  18  17                    0
///  +---+---+------------------------------------------+---+---+-----------------------+
///  | M | T |  location in units of 16 bytes (42 bits) | L | C |  length in units (18) |
///  +---+---+------------------------------------------+---+---+-----------------------+
/// ```
///
/// | bits   | name      | meaning                                                                                   |
/// |--------|-----------|-------------------------------------------------------------------------------------------|
/// | 63     | MEMORY    | 1: the location is a log position in staging, modulo 2⁴⁶ bytes; 0: a device address       |
/// | 62     | TOMBSTONE | the record deletes its key                                                                |
/// | 61..20 | location  | in units of 16 bytes: device addresses below 64 TiB                                       |
/// | 19     | LARGE     | the record is the head of a value stored in chunks                                        |
/// | 18     | CHUNK     | the record is such a chunk                                                                |
/// | 17..0  | length    | of the record in units of 16 bytes: below 4 MiB                                           |
///
/// A length of 0 makes no word: 0 is the empty entry, and the other words of length 0 are the refusals of
/// {@link PointIndex}.
public final class IndexEntry {
    /// What locations and lengths are multiples of.
    public static final int UNIT_BYTES = 16;
    /// Added to the length: the record is the head of a value stored in chunks.
    public static final int LARGE = 1 << 19;
    /// Added to the length: the record is a chunk.
    public static final int CHUNK = 1 << 18;
    /// Longest record in units.
    public static final int MAX_LENGTH_UNITS = CHUNK - 1;
    /// Device addresses lie below this.
    public static final long DEVICE_ADDRESS_LIMIT = 1L << 46;

    private static final long MEMORY = 1L << 63;
    private static final long TOMBSTONE = 1L << 62;
    private static final int LOCATION_SHIFT = 20;
    private static final int LOCATION_BITS = 42;
    private static final int UNIT_SHIFT = 4;
    private static final long LENGTH_MASK = MAX_LENGTH_UNITS;
    private static final long LOCATION_MASK = (1L << LOCATION_BITS) - 1;

    private IndexEntry() {}

    /// A record in staging.
    ///
    /// @param logPosition bytes, a multiple of 16; kept modulo 2⁴⁶
    /// @param lengthUnits 1 to {@link #MAX_LENGTH_UNITS}, and {@link #LARGE} or {@link #CHUNK} if it is one
    public static long memory(final long logPosition, final int lengthUnits, final boolean tombstone) {
        if ((logPosition & (UNIT_BYTES - 1)) != 0) {
            throw new IllegalArgumentException("log position is no multiple of 16: logPosition=" + logPosition);
        }
        return MEMORY | pack((logPosition >>> UNIT_SHIFT) & LOCATION_MASK, lengthUnits, tombstone);
    }

    /// A record on the device.
    ///
    /// @param address bytes, a multiple of 16 below {@link #DEVICE_ADDRESS_LIMIT}
    /// @param lengthUnits 1 to {@link #MAX_LENGTH_UNITS}, and {@link #LARGE} or {@link #CHUNK} if it is one
    public static long device(final long address, final int lengthUnits, final boolean tombstone) {
        if ((address & ~(LOCATION_MASK << UNIT_SHIFT)) != 0) {
            throw new IllegalArgumentException(
                    "device address is no multiple of 16 below 64 TiB and cannot be indexed: address=" + address);
        }
        return pack(address >>> UNIT_SHIFT, lengthUnits, tombstone);
    }

    /// Whether the location is a log position.
    public static boolean isMemory(final long word) {
        return (word & MEMORY) != 0;
    }

    /// Whether the record deletes its key.
    public static boolean isTombstone(final long word) {
        return (word & TOMBSTONE) != 0;
    }

    /// Whether the record is the head of a value stored in chunks.
    public static boolean isLarge(final long word) {
        return (word & LARGE) != 0;
    }

    /// Whether the record is a chunk of a value.
    public static boolean isChunk(final long word) {
        return (word & CHUNK) != 0;
    }

    /// Where the record of a device word lies, in bytes.
    public static long deviceAddress(final long word) {
        return locationUnits(word) << UNIT_SHIFT;
    }

    /// The log position of a memory word, in bytes, modulo 2⁴⁶.
    public static long positionBits(final long word) {
        return locationUnits(word) << UNIT_SHIFT;
    }

    /// The record's length in bytes: what it keeps alive of its zone.
    public static int lengthBytes(final long word) {
        return (int) (word & LENGTH_MASK) << UNIT_SHIFT;
    }

    /// Whether the first of two memory words lies later in the log. Exact as long as the two lie less than 2⁴⁵ bytes
    /// apart: positions are compared as a signed difference, so that they may wrap around.
    public static boolean newer(final long wordA, final long wordB) {
        // Subtracting the words with the location in the uppermost bits drops the tags and keeps the sign.
        return (locationUnits(wordA) - locationUnits(wordB)) << (Long.SIZE - LOCATION_BITS) > 0;
    }

    private static long locationUnits(final long word) {
        return (word >>> LOCATION_SHIFT) & LOCATION_MASK;
    }

    private static long pack(final long units, final int lengthUnits, final boolean tombstone) {
        if ((lengthUnits & LENGTH_MASK) == 0 || (lengthUnits & ~(LARGE | CHUNK | MAX_LENGTH_UNITS)) != 0) {
            throw new IllegalArgumentException("record length is not within 1 to " + MAX_LENGTH_UNITS
                    + " units of 16 bytes: lengthUnits=" + lengthUnits);
        }
        return (tombstone ? TOMBSTONE : 0) | (units << LOCATION_SHIFT) | lengthUnits;
    }
}
