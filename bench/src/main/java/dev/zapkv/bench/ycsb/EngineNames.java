/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.bench.peer.EngineKind;
import java.util.Arrays;
import java.util.Iterator;

/// The engines' names for the help text.
public final class EngineNames implements Iterable<String> {
    /// For the command line parser.
    public EngineNames() {}

    @Override
    public Iterator<String> iterator() {
        return Arrays.stream(EngineKind.values()).map(EngineKind::toString).iterator();
    }
}
