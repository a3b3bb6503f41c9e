/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sequential;

import dev.zapkv.io.ConventionalZones;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.command.Descriptor;
import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// Zones that take writes only at their write pointer, on a block device or as files. All but {@link #reader} has
/// one caller at a time; everything may block.
public interface SequentialMedia {
    /// The descriptor for writing a zone; the zone is made ready to be written. Not acquired: the caller acquires
    /// it at once.
    ///
    /// @throws DeviceException with the errno if the zone cannot be written
    Descriptor writer(int zone);

    /// An acquired descriptor for reading a zone. Callable from any thread.
    ///
    /// @throws DeviceException if it cannot be had, or the media is closed
    Descriptor reader(int zone);

    /// A descriptor, not acquired, whose sync makes every completed write of every zone durable.
    Descriptor syncTarget();

    /// Place of a zone's byte in the file of its descriptors.
    long position(int zone, long offset);

    /// Reads the beginning of a zone from the drive, past what it says of the write pointer.
    ///
    /// @return bytes read, 0 if the drive cannot be read so
    int readForgotten(int zone, MemorySegment target, int length);

    /// Zones of the range that take writes anywhere, if there are some.
    default Optional<ConventionalZones> conventional() {
        return Optional.empty();
    }

    /// Asks the drive where a zone stands. The write pointer is within the zone and on a block.
    ///
    /// @throws DeviceException if the drive does not answer, or not sensibly
    ZoneInfo inspect(int zone);

    /// Opens a zone explicitly.
    void open(int zone);

    /// Takes a zone out of the open state.
    ///
    /// @param empty whether nothing was written to it: then it becomes empty
    void closeZone(int zone, boolean empty);

    /// Makes a zone full.
    void finish(int zone);

    /// Empties a zone.
    void reset(int zone);

    /// A zone is full and nobody writes to it: gives back what was held for that.
    void filled(int zone);

    /// Gives everything back; readers under way finish, later ones are refused. Idempotent.
    void close();
}
