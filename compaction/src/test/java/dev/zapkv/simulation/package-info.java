/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// Deterministic simulation: a whole store over a simulated device, on one thread, under one seed. {@link
/// dev.zapkv.simulation.Simulation} is one run, {@link dev.zapkv.simulation.Model} says what may be found after it,
/// {@link dev.zapkv.simulation.LogAudit} recomputes the store's accounts from the bytes of the device.
package dev.zapkv.simulation;
