/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.salvage;

import dev.zapkv.store.format.RecordFormat;

/// Where a record lies, in 64 bits: a zone and an offset there, or an offset in staging. Never 0, nor a
/// value that an
/// index does not take.
final class Place {
    private static final int OFFSET_BITS = 36;
    private static final long OFFSET_MASK = (1L << OFFSET_BITS) - 1;
    private static final long MARK = 1L << 60;
    private static final long STAGING = 1L << 59;

    private Place() {}

    static long onDevice(final int zone, final long offset) {
        return MARK | (long) zone << OFFSET_BITS | offset / RecordFormat.ALIGNMENT;
    }

    static long inStaging(final long offset) {
        return MARK | STAGING | offset / RecordFormat.ALIGNMENT;
    }

    static boolean isInStaging(final long place) {
        return (place & STAGING) != 0;
    }

    static int zone(final long place) {
        return (int) ((place & ~MARK) >>> OFFSET_BITS);
    }

    static long offset(final long place) {
        return (place & OFFSET_MASK) * RecordFormat.ALIGNMENT;
    }
}
