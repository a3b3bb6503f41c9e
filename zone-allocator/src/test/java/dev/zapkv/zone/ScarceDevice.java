/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.zone;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ForwardingZoneDevice;
import dev.zapkv.io.ZoneDevice;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/// A device whose zones take space from a file system when they are opened for the first time, as a directory's do.
/// Space that was given to a zone stays with it.
final class ScarceDevice extends ForwardingZoneDevice {
    final List<Integer> opened = new ArrayList<>();
    int openCalls;
    int spareZones = Integer.MAX_VALUE;

    private final Set<Integer> backed = new HashSet<>();

    ScarceDevice(final ZoneDevice device) {
        super(device);
    }

    @Override
    public void open(final int zone) {
        openCalls++;
        if (!backed.contains(zone)) {
            if (spareZones == 0) {
                throw new DeviceException("no space left for zone " + zone, DeviceException.ENOSPC);
            }
            spareZones--;
            backed.add(zone);
        }
        super.open(zone);
        opened.add(zone);
    }
}
