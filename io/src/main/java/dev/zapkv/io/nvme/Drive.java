/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.ZoneGeometry;
import java.util.List;

/// A drive that was asked for everything and found usable.
///
/// @param nsid             namespace
/// @param blockShift       logarithm of the block's bytes
/// @param zoneBlocks       blocks from one zone to the next
/// @param firstZone        the drive's index of the first zone in use
/// @param geometry         sizes of the zones in use
/// @param maxTransfer      largest read in bytes
/// @param maxSegments      pieces of memory that one command may have
/// @param volatileCache    whether completed appends need a flush
/// @param retryDelays      how long to wait before a command is repeated
/// @param details          what was found and how
record Drive(
        int nsid,
        int blockShift,
        long zoneBlocks,
        int firstZone,
        ZoneGeometry geometry,
        int maxTransfer,
        int maxSegments,
        boolean volatileCache,
        Identify.RetryDelays retryDelays,
        List<Capability> details) {
    Drive {
        details = List.copyOf(details);
    }

    /// First block of a zone in use.
    long zoneBlock(final int zone) {
        return (firstZone + (long) zone) * zoneBlocks;
    }

    /// Block of an address.
    long block(final long address) {
        return firstZone * zoneBlocks + (address >>> blockShift);
    }

    /// Sizes every zone must agree with.
    ZoneReport.Layout layout() {
        return new ZoneReport.Layout(blockShift, zoneBlocks);
    }
}
