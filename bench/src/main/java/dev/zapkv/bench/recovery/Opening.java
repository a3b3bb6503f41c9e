/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.recovery;

import dev.zapkv.bench.peer.EngineKind;
import java.util.List;

/// The openings of one kind of one engine.
///
/// @param engine  that was opened
/// @param kind    what was before
/// @param seconds of each repetition, from the call that opens to the first value read
/// @param notes   what the engine said of each; empty texts if nothing
record Opening(EngineKind engine, Kind kind, List<Double> seconds, List<String> notes) {
    /// What was before an opening.
    enum Kind {
        /// The store was closed.
        CLEAN("clean close"),
        /// The process was killed after so much was overwritten.
        KILLED("kill -9"),
        /// The same, with twice as much data in the log before its last checkpoint.
        KILLED_OLDER("kill -9, twice the older data");

        private final String text;

        Kind(final String text) {
            this.text = text;
        }

        String text() {
            return text;
        }
    }

    /// The one in the middle.
    double median() {
        final List<Double> sorted = seconds.stream().sorted().toList();
        final int middle = sorted.size() / 2;
        return sorted.size() % 2 == 1 ? sorted.get(middle) : (sorted.get(middle - 1) + sorted.get(middle)) / 2;
    }

    double least() {
        return seconds.stream().mapToDouble(Double::doubleValue).min().orElse(Double.NaN);
    }

    double most() {
        return seconds.stream().mapToDouble(Double::doubleValue).max().orElse(Double.NaN);
    }
}
