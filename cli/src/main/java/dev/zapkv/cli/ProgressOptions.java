/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import picocli.CommandLine.Option;

/// Whether the progress line is shown.
final class ProgressOptions {
    @Option(
            names = "--progress",
            negatable = true,
            description = "Show a progress line on standard error, or do not. Default: only on a terminal.")
    private Boolean wanted;

    ProgressOptions() {}

    StatusLine statusLine(final Terminal terminal) {
        return new StatusLine(terminal, wanted);
    }
}
