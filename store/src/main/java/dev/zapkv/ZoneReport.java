/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// One zone of a store.
///
/// @param zone          zone index
/// @param state         {@code EMPTY}, {@code OPEN}, {@code CLOSED}, {@code FULL}, {@code READ_ONLY} or {@code
/// OFFLINE}
/// @param stream        what it holds: {@code metadata}, {@code host}, {@code gc}, or a dash if empty
/// @param capacityBytes writable bytes
/// @param writtenBytes  bytes up to the write pointer
/// @param liveBytes     bytes of records that the index points at, tombstones still needed included
/// @param generation    times the zone was emptied
public record ZoneReport(
        int zone,
        String state,
        String stream,
        long capacityBytes,
        long writtenBytes,
        long liveBytes,
        long generation) {}
