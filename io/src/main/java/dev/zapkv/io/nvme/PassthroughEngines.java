/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.command.IoEngines;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Chooses how commands get to the driver.
final class PassthroughEngines {
    private PassthroughEngines() {}

    /// @param arena    of the commands; closed with the engine
    /// @param commands memory of the commands
    /// @throws DeviceException if io_uring is demanded and cannot be used
    static PassthroughEngine open(
            final AsyncIo wanted,
            final int fd,
            final Arena arena,
            final MemorySegment commands,
            final int slots,
            final Drive drive) {
        return IoEngines.choose(
                wanted,
                () -> RingPassthrough.open(fd, arena, commands, slots, drive),
                reason -> IoctlEngine.open(fd, arena, commands, slots, reason));
    }
}
