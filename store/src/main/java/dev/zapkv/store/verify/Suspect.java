/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import dev.zapkv.Finding;
import java.util.ArrayList;
import java.util.List;

/// A range of a zone that is not what it should be; what that means shows when it is known what lies around it
/// and
/// what points into it.
final class Suspect {
    final Finding.Kind kind;
    final int zone;
    final long offset;
    final long length;
    final long block;
    final String text;
    /// Blocks of the zone that were valid before it.
    final long blocksBefore;
    /// Keys of damaged records that can still be read and that the index knows to lie here.
    final List<byte[]> names = new ArrayList<>();

    /// Whether it is certain that something valid was here.
    boolean certain;
    /// Index entries that point into it, and none of whose records is valid.
    long entries;

    Suspect(
            final Finding.Kind kind,
            final int zone,
            final long offset,
            final long length,
            final long block,
            final long blocksBefore,
            final String text) {
        this.kind = kind;
        this.zone = zone;
        this.offset = offset;
        this.length = length;
        this.block = block;
        this.blocksBefore = blocksBefore;
        this.text = text;
    }
}
