/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import dev.zapkv.Finding;
import dev.zapkv.VerifyListener;
import dev.zapkv.VerifyReport;
import java.util.ArrayList;
import java.util.List;

/// Keeps findings and tells the listener.
final class Findings {
    static final String RESTORE = "restore these keys from a backup, or delete them; check the device";

    private final VerifyListener listener;
    private final List<Finding> kept = new ArrayList<>();
    private long omitted;

    Findings(final VerifyListener listener) {
        this.listener = listener;
    }

    void add(final Finding finding) {
        if (kept.size() < VerifyReport.MAX_FINDINGS) {
            kept.add(finding);
        } else {
            omitted++;
        }
        listener.found(finding);
    }

    /// A finding that names a zone.
    void add(
            final Finding.Kind kind,
            final boolean damage,
            final int zone,
            final long offset,
            final long length,
            final long keys,
            final String text,
            final String advice) {
        add(new Finding(kind, damage, zone, offset, length, 0, keys, List.of(), text, advice));
    }

    List<Finding> kept() {
        return kept;
    }

    long omitted() {
        return omitted;
    }
}
