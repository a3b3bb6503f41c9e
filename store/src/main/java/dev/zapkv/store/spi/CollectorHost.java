/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.spi;

import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.zone.ZoneAllocator;
import dev.zapkv.zone.ZoneTable;
import java.lang.foreign.MemorySegment;

/// The store as garbage collection sees it.
///
/// *The contract that keeps data safe* (invariant 4): a zone may be given to {@link #retire} only after, in this
/// order, every live record of it was relocated, each relocating append completed and its index entry was moved, and
/// {@link #isSettled} held for a ticket taken after that. Settled means: whatever superseded the zone's dead
/// records, and the relocated copies, are on stable media.
public interface CollectorHost {
    /// What is known of each zone.
    ZoneTable zones();

    /// How many zones are empty.
    ZoneAllocator allocator();

    /// Whether a zone may become a victim: full, without appends in flight, and all of its blocks applied.
    boolean mayCollect(int zone);

    /// Whether a zone may be emptied as it is: nothing in it is needed, nor will be if power fails now.
    boolean isWorthless(int zone);

    /// Sizes of the device.
    ZoneGeometry geometry();

    /// Largest block in bytes.
    int blockBytes();

    /// Whether the store has no bound of its own and grows as garbage is tolerated.
    boolean isUnbounded();

    /// Whether writers cannot go on before a zone is emptied.
    boolean writersStarved();

    /// Makes memory usable by {@link #read} and {@link #append}.
    IoBuffer register(MemorySegment memory);

    /// Begins to read from a zone, at low priority.
    ///
    /// @return false if the device's queue is full
    boolean read(int zone, long offset, IoBuffer buffer, int length, long id);

    /// Begins to append a block of relocated records; its payload lies behind the header's place.
    ///
    /// @param horizon log position of the frontier when the first of the records was looked at
    /// @return false if the device's queue is full or no zone is empty: try again later
    boolean append(
            IoBuffer buffer, int payloadLength, int records, long minPosition, long maxPosition, long horizon, long id);

    /// Whether a block holds records of this store: what is left of another store, and metadata that was tried in
    /// a zone before it became one of data, is none of it.
    ///
    /// @param block offset of its header, which is valid
    boolean holdsRecords(MemorySegment memory, int block);

    /// Current index entry of a record's key; 0 if there is none.
    long entryOf(MemorySegment memory, long recordOffset);

    /// A block appended by {@link #append} lies at an address now. Before its index entries are moved.
    void landed(long address, IoBuffer buffer, int payloadLength);

    /// Moves an index entry to a record's new place.
    ///
    /// @return false if the record was superseded meanwhile
    boolean moveEntry(MemorySegment memory, long recordOffset, long expected, long entry);

    /// First log position that is not yet applied.
    long frontierPosition();

    /// Closes the zones that streams append to at present, where garbage takes at least this share of the zone or
    /// nothing is live: so that they can be collected.
    void leaveOpenZones(double minGarbageRatio);

    /// The store's clock in nanoseconds.
    long nanoTime();

    /// Asks for everything accepted so far, and every completed append, to be flushed.
    ///
    /// @return ticket for {@link #isSettled}
    long settle();

    /// Whether what a ticket asked for is done.
    boolean isSettled(long ticket);

    /// Empties a zone, durably. Waits for the device.
    void retire(int zone);

    /// The log holds a record whose bytes are not what was written: it cannot be relocated and its zone cannot be
    /// emptied.
    void corrupt(int zone, long offset, String reason);
}
