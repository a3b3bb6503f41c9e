/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

import java.lang.foreign.MemorySegment;

/// Zones of a drive that may be written anywhere, in any order, and again (conventional zones). They have no write
/// pointer, so they take no append and are not among a device's numbered zones: they are numbered apart, from 0.
///
/// All calls block. One caller at a time; not while the device is being closed.
public interface ConventionalZones {
    /// Number of these zones.
    int count();

    /// Bytes of each zone, a multiple of the logical block.
    long capacity();

    /// Reads.
    ///
    /// @param offset within the zone, a multiple of the logical block
    /// @param target memory aligned to the logical block
    /// @param length bytes, a positive multiple of the logical block, within the zone
    /// @throws DeviceException on an I/O error
    void read(int zone, long offset, MemorySegment target, int length);

    /// Overwrites, and makes that durable before it returns. If it fails, or the machine does meanwhile, each logical
    /// block there is as it was, as it was to be, or neither.
    ///
    /// @param offset within the zone, a multiple of the logical block
    /// @param source memory aligned to the logical block
    /// @param length bytes, a positive multiple of the logical block, within the zone
    /// @throws DeviceException on an I/O error
    void write(int zone, long offset, MemorySegment source, int length);
}
