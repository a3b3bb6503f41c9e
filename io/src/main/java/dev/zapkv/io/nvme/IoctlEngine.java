/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.command.CommandThreads;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;

/// Commands through the blocking ioctl on a few threads: the fall-back where io_uring is missing, forbidden or refuses
/// passthrough. The ioctl, too, returns the 64-bit address of an append.
final class IoctlEngine extends CommandThreads implements PassthroughEngine {
    private static final int THREADS_MAX = 8;

    private final int fd;
    private final Arena arena;
    private final MemorySegment commands;
    private final PassthroughCommand view = new PassthroughCommand();

    private IoctlEngine(
            final int fd, final Arena arena, final MemorySegment commands, final int slots, final String reason) {
        super(slots, THREADS_MAX, reason);
        this.fd = fd;
        this.arena = arena;
        this.commands = commands;
    }

    /// Starts the threads.
    ///
    /// @param fd       the node
    /// @param arena    of the commands; closed with the engine
    /// @param commands memory of the commands
    /// @param slots    commands that may be in flight
    /// @param reason   why this engine is in use, for the capabilities
    static IoctlEngine open(
            final int fd, final Arena arena, final MemorySegment commands, final int slots, final String reason) {
        final IoctlEngine engine = new IoctlEngine(fd, arena, commands, slots, reason);
        engine.startThreads();
        return engine;
    }

    @Override
    public void start(final int slot, final int bufferIndex) {
        enqueue(slot);
    }

    @Override
    protected int execute(final int slot) {
        return NodeCalls.io(fd, commands.address() + PassthroughEngine.offset(slot));
    }

    @Override
    protected long extra(final int slot) {
        return view.wrap(commands, PassthroughEngine.offset(slot)).result();
    }

    @Override
    public void close() {
        super.close();
        arena.close();
    }
}
