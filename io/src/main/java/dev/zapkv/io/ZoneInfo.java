/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

/// One zone as the device reports it.
///
/// @param zone              zone index
/// @param state             its state
/// @param writePointer      next writable offset relative to the zone's start, in bytes; an upper bound if not exact
/// @param capacity          writable bytes of the zone
/// @param writePointerExact false if the emulation lost the write pointer (a directory that was not closed cleanly):
/// data may lie anywhere below {@code writePointer}; the zone takes no append before a reset
public record ZoneInfo(int zone, ZoneState state, long writePointer, long capacity, boolean writePointerExact) {}
