/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.invoke.VarHandle;

/// What an opening that takes over a staging file notes in its header: which record begins which of the blocks it
/// appends. If the process dies before the end, some of these blocks are on the device and count; the next opening
/// goes on behind the last record in them. Were it to begin again, older values would lie over newer ones until it
/// came as far as the first attempt, and a power cut in between would leave them there.
///
/// | offset | size | type | field | meaning and valid range                                                       |
/// |-------:|-----:|------|-------|-------------------------------------------------------------------------------|
/// |     72 |    8 | u64  | next  | log position of the record, or batch, that is being appended; 0: none was yet |
/// |    128 | 3968 | –    | begun | 248 times: u64 log position, u64 block that begins with what lies there       |
///
/// Block *n* has place *n* modulo 248: 248 blocks later it must be on the device, see {@link #BLOCKS}.
///
/// *Invariant.* Whatever is noted of a block is written before `next` goes on. So the first record that is not in a
/// block up to *n* is the one that begins the lowest block above *n* that is noted, and `next` if none is: that one
/// may be in block *n*, as the last one there, and to repeat the last one changes nothing.
public final class TakeOverNotes {
    /// Blocks there is room for: before a block is begun, the one that many before it must be on the device.
    public static final int BLOCKS = 248;

    static final int NEXT_OFFSET = 72;
    static final int BEGUN_OFFSET = 128;
    private static final int ENTRY_LENGTH = 16;
    // Native order: Linux on the supported processors is little-endian.
    private static final VarHandle LONG = ValueLayout.JAVA_LONG.varHandle();

    private final MemorySegment header;

    TakeOverNotes(final MemorySegment header) {
        this.header = header;
    }

    /// What lies at a log position of the file is about to be appended.
    public void next(final long position) {
        LONG.setRelease(header, (long) NEXT_OFFSET, position);
    }

    /// A block begins with what lies at a log position of the file.
    public void begun(final long block, final long position) {
        final long at = at((int) (block % BLOCKS));
        // In between, the entry is of a block that is on the device: nobody asks for it.
        LONG.setRelease(header, at, position);
        LONG.setRelease(header, at + Long.BYTES, block);
    }

    /// From where on the file has to be taken over; 0: all of it.
    ///
    /// @param lastBlock last of the blocks that are on the device without a gap
    public long resumeAt(final long lastBlock) {
        long lowest = Long.MAX_VALUE;
        long position = (long) LONG.getAcquire(header, (long) NEXT_OFFSET);
        for (int i = 0; i < BLOCKS; i++) {
            final long block = (long) LONG.getAcquire(header, at(i) + Long.BYTES);
            if (block > lastBlock && block < lowest) {
                lowest = block;
                position = (long) LONG.getAcquire(header, at(i));
            }
        }
        return position;
    }

    private static long at(final int place) {
        return BEGUN_OFFSET + (long) place * ENTRY_LENGTH;
    }
}
