/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
/// What every backend shares that emulates zones on something that has none: the zone state machine and the
/// argument checks. Does no I/O.
///
/// No threads: external synchronisation, as the devices that use it. Read {@link
/// dev.zapkv.io.emulated.EmulatedZones} first.
package dev.zapkv.io.emulated;
