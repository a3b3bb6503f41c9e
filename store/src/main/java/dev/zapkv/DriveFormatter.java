/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.engine.EngineConfig;
import dev.zapkv.store.engine.OpenStore;
import dev.zapkv.store.engine.StoreMaker;
import dev.zapkv.store.engine.StoreRequirements;
import dev.zapkv.store.meta.MetadataPlaces;
import dev.zapkv.store.meta.MetadataSearch;

/// Makes a drive's zones a store.
final class DriveFormatter {
    private DriveFormatter() {}

    static DriveSummary examine(final EngineConfig config, final ZoneDevice device) {
        int inUse = 0;
        int failed = 0;
        long written = 0;
        for (int zone = 0; zone < device.geometry().zoneCount(); zone++) {
            final ZoneInfo info = device.report(zone);
            if (isFailed(info.state())) {
                failed++;
            } else if (info.state() != ZoneState.EMPTY) {
                inUse++;
                written += info.writePointer();
            }
        }
        return new DriveSummary(
                device.geometry(),
                device.capabilities(),
                inUse,
                written,
                failed,
                MetadataPlaces.conventionalZones(device),
                MetadataPlaces.isConventionalInUse(device),
                MetadataSearch.hasForgottenImage(device) || holdsStore(device),
                obstacle(config));
    }

    private static String obstacle(final EngineConfig config) {
        try {
            StoreRequirements.check(config);
            return "";
        } catch (final ConfigurationException e) {
            return e.getMessage();
        }
    }

    private static boolean holdsStore(final ZoneDevice device) {
        try {
            return MetadataSearch.find(device) != null;
        } catch (final FormatException e) {
            // Something else, or a store that this version cannot read.
            return false;
        }
    }

    static void format(final EngineConfig config, final boolean erase) {
        final ZoneDevice device = config.device();
        try {
            final DriveSummary summary = examine(config, device);
            if (!erase && summary.isInUse()) {
                throw new FormatException(config.name() + " is not empty: " + summary.zonesInUse() + " of its "
                        + summary.geometry().zoneCount() + " zones hold " + summary.bytesWritten() + " bytes"
                        + (summary.conventionalInUse() ? ", and its conventional zones hold something, too" : "")
                        + (summary.holdsStore() ? ", a store among them" : "")
                        + "; nothing was changed. Say that they may be erased, or name other zones");
            }
            // Before anything is erased: these zones might be another's.
            StoreRequirements.check(config);
            StoreMaker.run(config);
        } catch (final DeviceException | ZapKvException e) {
            device.close();
            throw e;
        }
        OpenStore.open(config).close();
    }

    private static boolean isFailed(final ZoneState state) {
        return state == ZoneState.READ_ONLY || state == ZoneState.OFFLINE;
    }
}
