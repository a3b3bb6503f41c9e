/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

/// Terminal colours, or none of them.
final class Paint {
    private static final String RESET = "\u001b[0m";

    private final boolean enabled;

    Paint(final boolean enabled) {
        this.enabled = enabled;
    }

    /// The colours used, by what they mean here.
    enum Colour {
        METADATA("\u001b[35m"),
        HOST("\u001b[32m"),
        GC("\u001b[33m"),
        FAINT("\u001b[90m"),
        ALARM("\u001b[1;31m"),
        STRONG("\u001b[1m"),
        PLAIN("");

        private final String sequence;

        Colour(final String sequence) {
            this.sequence = sequence;
        }
    }

    String paint(final Colour colour, final String text) {
        return enabled && !colour.sequence.isEmpty() ? colour.sequence + text + RESET : text;
    }
}
