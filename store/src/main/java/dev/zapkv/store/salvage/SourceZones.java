/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.salvage;

import dev.zapkv.io.ZoneInfo;
import dev.zapkv.store.meta.MetadataSearch;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// The zones that a store is salvaged from. Nothing is written to them.
public interface SourceZones extends AutoCloseable {
    /// How many there are.
    int zoneCount();

    /// Blocks begin at multiples of this.
    int blockSize();

    /// State of a zone; what may have been written lies below its write pointer.
    ZoneInfo report(int zone);

    /// Whether the states are those that the zones had in the end. If not, a zone may have been emptied
    /// and still
    /// hold what it held before.
    boolean statesKnown();

    /// Metadata that lies elsewhere than in the zones; null if there is none that can be read.
    MetadataSearch.Found metadataElsewhere();

    /// What is wrong with the source as a whole.
    List<String> problems();

    /// Reads below a zone's write pointer.
    ///
    /// @throws dev.zapkv.io.DeviceException if the bytes cannot be read
    void read(int zone, long offset, MemorySegment target, long targetOffset, int length);

    @Override
    void close();
}
