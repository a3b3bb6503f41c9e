/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sequential;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.linux.SysfsDirectory;

/// Largest append: one that reaches the drive in one piece. The kernel splits larger writes, and where it does not
/// keep their order the pieces overtake each other.
///
/// @param bytes     the limit, a multiple of the block
/// @param learnedBy what it was made of
public record AppendLimit(int bytes, String learnedBy) {
    private static final long KIB = 1024;
    private static final long LIMIT = 1 << 20;
    private static final long PAGE = 4096;
    private static final long BIO_PAGES = 256;
    private static final long SECTORS_KB_MAX = 1 << 30;
    private static final long SECTORS_KB_DEFAULT = 128;
    private static final long SEGMENTS_MAX = 1 << 20;
    private static final long SEGMENTS_DEFAULT = 32;

    /// From the attributes of a disk's queue, at most a zone.
    ///
    /// @param block bytes of a block
    public static AppendLimit of(final SysfsDirectory queue, final int block, final long zoneCapacity) {
        final long sectorsKb = queue.number("max_sectors_kb", 1, SECTORS_KB_MAX, SECTORS_KB_DEFAULT);
        final long segments = queue.number("max_segments", 2, SEGMENTS_MAX, SEGMENTS_DEFAULT);
        // A page per segment, and one more for memory that does not start on a page.
        final long memory = (Math.min(segments, BIO_PAGES) - 1) * PAGE;
        final long limit = Math.min(Math.min(sectorsKb * KIB, memory), Math.min(LIMIT, zoneCapacity));
        final long whole = Math.max(block, limit - limit % block);
        return new AppendLimit(
                (int) whole, "max_sectors_kb=" + sectorsKb + ", max_segments=" + segments + " in " + queue.path());
    }

    /// For the capabilities.
    public Capability capability() {
        return new Capability("max-append", Integer.toString(bytes), learnedBy, "");
    }
}
