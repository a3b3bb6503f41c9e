/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import dev.zapkv.ZoneReport;
import java.io.IOException;
import java.util.List;

/// Sums over zones.
///
/// @param zones         how many
/// @param capacityBytes writable bytes
/// @param writtenBytes  bytes up to the write pointers
/// @param liveBytes     of them, live
record ZoneTotals(int zones, long capacityBytes, long writtenBytes, long liveBytes) {
    static ZoneTotals of(final List<ZoneReport> zones) {
        return new ZoneTotals(
                zones.size(),
                zones.stream().mapToLong(ZoneReport::capacityBytes).sum(),
                zones.stream().mapToLong(ZoneReport::writtenBytes).sum(),
                zones.stream().mapToLong(ZoneReport::liveBytes).sum());
    }

    void writeJson(final JsonGenerator json) throws IOException {
        json.writeNumberField("zone_count", zones);
        json.writeNumberField("capacity_bytes", capacityBytes);
        json.writeNumberField("written_bytes", writtenBytes);
        json.writeNumberField("live_bytes", liveBytes);
    }
}
