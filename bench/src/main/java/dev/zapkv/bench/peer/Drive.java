/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.peer;

import dev.zapkv.Location;
import dev.zapkv.io.ZoneRange;

/// A zoned drive to measure on, instead of a directory. What its zones hold is erased.
///
/// @param location where it is
/// @param zones    zones to use
public record Drive(Location location, ZoneRange zones) {}
