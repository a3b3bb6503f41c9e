/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

/// A host block behind the settled one: whether it counts cannot be told before all zones were read.
///
/// @param horizon of what it replaced
/// @param address on the device
public record UnsettledBlock(long number, int zone, long horizon, long address) {}
