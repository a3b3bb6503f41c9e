/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.meta;

import dev.zapkv.io.ZoneDevice;

/// Where the metadata of a store on a device would go besides the zones: asked before the store is made.
public final class MetadataPlaces {
    private MetadataPlaces() {}

    /// Conventional zones that hold the metadata of stores on a device; 0 if it has too few, so that metadata goes to
    /// zones 0 and 1.
    public static int conventionalZones(final ZoneDevice device) {
        return ConventionalPlaces.of(device).isPresent() ? ConventionalPlaces.ZONES : 0;
    }

    /// Whether something lies where metadata would go in the conventional zones.
    public static boolean isConventionalInUse(final ZoneDevice device) {
        return ConventionalPlaces.of(device).map(ConventionalPlaces::isInUse).orElse(false);
    }

    /// Makes metadata in the conventional zones unreadable for good, but for the image with a number.
    public static void eraseConventionalBut(final ZoneDevice device, final long number) {
        ConventionalPlaces.of(device).ifPresent(places -> places.eraseBut(number));
    }
}
