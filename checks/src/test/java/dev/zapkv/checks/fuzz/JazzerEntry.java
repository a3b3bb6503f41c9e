/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.fuzz;

/// What Jazzer calls. The first argument names the target.
public final class JazzerEntry {
    private static FuzzTarget target;

    private JazzerEntry() {}

    /// Once, before the first input.
    public static void fuzzerInitialize(final String[] arguments) {
        target = FuzzTargets.named(arguments[0]);
        // Classes are loaded and instrumented now, so that this is not taken for an allocation of the parser.
        target.seeds().forEach(target::run);
    }

    /// For each input.
    public static void fuzzerTestOneInput(final byte[] input) {
        FuzzRun.run(target, input);
    }
}
