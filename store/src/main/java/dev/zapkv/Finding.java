/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import java.util.List;
import java.util.Locale;

/// Something that is not as it should be, found by {@link ZapKv#verify} or by a scrub.
///
/// @param kind   what it concerns
/// @param damage whether bytes or accounts are wrong for certain; else it may as well be what a crash left over
/// @param zone   zone index, or -1 if none is concerned
/// @param offset of the first byte in the zone, or 0
/// @param length in bytes, or 0
/// @param block  number of the block, or 0 if it is not known
/// @param keys   entries of the index that are concerned: keys, and chunks of values that do not fit one block
/// @param names  some of these keys, as far as they can be named
/// @param text   what was found and what it means
/// @param advice what to do
public record Finding(
        Kind kind,
        boolean damage,
        int zone,
        long offset,
        long length,
        long block,
        long keys,
        List<byte[]> names,
        String text,
        String advice) {
    /// No zone.
    public static final int NO_ZONE = -1;

    /// What a finding concerns.
    public enum Kind {
        /// A block whose bytes are not what was written.
        BLOCK,
        /// Bytes below the write pointer that are no block: the header of one is damaged, or a write did not
        /// end.
        NO_BLOCK,
        /// Bytes behind the content of a block that should be zero.
        PADDING,
        /// A record within a block.
        RECORD,
        /// The device does not let the bytes be read.
        UNREADABLE,
        /// A metadata image.
        METADATA,
        /// A part of a checkpoint.
        CHECKPOINT,
        /// The index against the log.
        INDEX,
        /// A value in chunks.
        LARGE_VALUE,
        /// What is known of a zone against what the device says.
        ZONE,
        /// The account of live bytes.
        SPACE;

        /// Lower case, as in reports.
        public String label() {
            return name().toLowerCase(Locale.ROOT);
        }
    }

    /// Copies the list.
    public Finding {
        names = List.copyOf(names);
    }

    /// Where it is, for people: {@code zone 4 offset 4096, block 17}.
    public String place() {
        if (zone == NO_ZONE) {
            return block == 0 ? "" : "block " + block;
        }
        return "zone " + zone + (length > 0 ? " offset " + offset : "") + (block == 0 ? "" : ", block " + block);
    }
}
