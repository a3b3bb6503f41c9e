/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sequential;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.linux.SysfsDirectory;

/// Largest append. The kernel splits writes that are larger than one request; where nothing keeps the order of
/// writes in a zone the pieces might overtake each other, so there an append is one request.
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
    /// @param depth what keeps the order of writes
    public static AppendLimit of(
            final SysfsDirectory queue, final int block, final long zoneCapacity, final ZoneWriteDepth depth) {
        final String scheduler = queue.choice("scheduler", "none");
        if (!depth.ordering().equals("none") || scheduler.equals("mq-deadline")) {
            return new AppendLimit(
                    whole(Math.min(LIMIT, zoneCapacity), block),
                    "fixed: the kernel keeps the pieces of a larger write in order ("
                            + (depth.ordering().equals("none") ? scheduler : depth.ordering()) + ")");
        }
        final long sectorsKb = queue.number("max_sectors_kb", 1, SECTORS_KB_MAX, SECTORS_KB_DEFAULT);
        final long segments = queue.number("max_segments", 2, SEGMENTS_MAX, SEGMENTS_DEFAULT);
        // A page per segment, and one more for memory that does not start on a page.
        final long memory = (Math.min(segments, BIO_PAGES) - 1) * PAGE;
        final long limit = Math.min(Math.min(sectorsKb * KIB, memory), Math.min(LIMIT, zoneCapacity));
        return new AppendLimit(
                whole(limit, block),
                "max_sectors_kb=" + sectorsKb + ", max_segments=" + segments + " in " + queue.path());
    }

    private static int whole(final long limit, final int block) {
        return (int) Math.max(block, limit - limit % block);
    }

    /// For the capabilities.
    public Capability capability() {
        return new Capability("max-append", Integer.toString(bytes), learnedBy, "");
    }
}
