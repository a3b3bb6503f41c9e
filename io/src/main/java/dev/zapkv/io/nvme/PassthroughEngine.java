/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.command.CommandEngine;

/// Carries commands to the driver. A command lies in its slot of the memory the engine was made with ({@link
/// #offset}), and stays there until it completes. Its result is 0, a status of the drive (positive), or {@code
/// -errno}; the second one is the command's own, if the first is 0.
interface PassthroughEngine extends CommandEngine {
    /// Bytes from one slot's command to the next.
    int STRIDE = 128;

    /// Where a slot's command lies.
    static long offset(final int slot) {
        return (long) slot * STRIDE;
    }

    /// Starts the command in a slot.
    ///
    /// @param bufferIndex registered buffer the command's memory lies in, or {@link #UNREGISTERED}
    void start(int slot, int bufferIndex);
}
