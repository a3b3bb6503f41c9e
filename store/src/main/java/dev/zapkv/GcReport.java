/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// What one requested garbage collection did.
///
/// @param zonesCollected zones emptied
/// @param relocatedBytes live record bytes copied
/// @param freedBytes     capacity of the emptied zones less the bytes appended for relocation
/// @param durationNs     wall time in nanoseconds
public record GcReport(int zonesCollected, long relocatedBytes, long freedBytes, long durationNs) {}
