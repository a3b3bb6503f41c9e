/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

/// Sizes for tests: small enough to fill, with a capacity below the zone size.
public final class TestGeometries {
    public static final int BLOCK = 4096;
    public static final int CAPACITY = 48 * BLOCK;
    public static final int ZONES = 8;
    public static final int MAX_APPEND = 16 * BLOCK;

    private TestGeometries() {}

    public static ZoneGeometry small() {
        return new ZoneGeometry(BLOCK, 64L * BLOCK, CAPACITY, ZONES, 0, 0, MAX_APPEND);
    }

    public static ZoneGeometry limited(final int maxOpen, final int maxActive) {
        return new ZoneGeometry(BLOCK, 64L * BLOCK, CAPACITY, ZONES, maxOpen, maxActive, MAX_APPEND);
    }
}
