/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.fuzz;

import java.util.List;

/// A parser under a fuzzer: what it does with any bytes at all. It is entered in {@link FuzzTargets}; that is all.
public interface FuzzTarget {
    /// Valid inputs to begin with: made by the code that writes the format, so that they follow it when it changes.
    List<byte[]> seeds();

    /// Parses the bytes and checks what the parser promises. Throws nothing that is not a finding.
    void run(byte[] input);

    /// What a run may allocate on the heap: sizes in the input must not decide it.
    default long maxAllocatedBytes(final int inputLength) {
        return (16L << 20) + 512L * inputLength;
    }
}
