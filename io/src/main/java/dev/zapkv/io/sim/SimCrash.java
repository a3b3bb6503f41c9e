/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sim;

/// What ends the life of a simulated device.
public enum SimCrash {
    /// The process dies: commands the device had not begun are gone, everything else survives.
    PROCESS,
    /// Power fails: in addition each append that was neither durable nor flushed survives, is lost, or is
    /// torn.
    POWER
}
