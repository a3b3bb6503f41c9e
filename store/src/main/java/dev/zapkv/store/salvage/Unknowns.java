/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.salvage;

import dev.zapkv.store.log.StagingCopy;
import java.util.ArrayList;
import java.util.List;

/// What a salvage cannot know, in sentences.
final class Unknowns {
    private Unknowns() {}

    /// @param staging that was found, or null
    static List<String> of(
            final StoreTraces store, final boolean statesKnown, final StagingCopy staging, final boolean damaged) {
        final boolean present = store.hasPresentMetadata();
        final List<String> unknown = new ArrayList<>();
        if (!present || !store.image().closedCleanly()) {
            unknown.add(
                    "Writes that lay behind a gap in the log when the store crashed, and so never counted, may be among"
                            + " what was found: values that were never acknowledged, and deletes.");
        }
        if (!statesKnown && !present) {
            unknown.add(
                    "The directory was not closed cleanly, so zones that were emptied and not filled again cannot be"
                            + " told from others: keys that were deleted may be back.");
        }
        if (staging == null && !(present && store.image().closedCleanly())) {
            unknown.add(
                    "No staging file was found: unless the store was closed cleanly, writes of its last moments that"
                            + " were acknowledged at the process level are missing.");
        }
        if (damaged) {
            unknown.add(
                    "Of a key whose newest value lay where something is damaged or unreadable, an older value or none"
                            + " was found; a key whose deletion lay there may be back.");
        }
        unknown.add(
                "A block whose header is damaged is not found at all: what lay in it is missing without a trace, with"
                        + " the same effects.");
        return unknown;
    }
}
