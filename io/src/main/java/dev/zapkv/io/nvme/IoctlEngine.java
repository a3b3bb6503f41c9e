/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.command.CommandThreads;
import dev.zapkv.io.linux.Errno;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Commands through the blocking ioctl on a few threads: the fall-back where io_uring is missing, forbidden or refuses
/// passthrough. The ioctl, too, returns the 64-bit address of an append.
final class IoctlEngine implements PassthroughEngine, CommandThreads.Done {
    private static final int THREADS_MAX = 8;

    private final int fd;
    private final MemorySegment commands;
    private final String reason;
    private final int[] statuses;
    private final CommandThreads threads;
    private final PassthroughCommand view = new PassthroughCommand();
    private Completion completion;

    /// @param fd       the node
    /// @param commands memory of the commands
    /// @param slots    commands that may be in flight
    /// @param reason   why this engine is in use, for the capabilities
    IoctlEngine(final int fd, final MemorySegment commands, final int slots, final String reason) {
        this.fd = fd;
        this.commands = commands;
        this.reason = reason;
        statuses = new int[slots];
        threads = new CommandThreads(slots, THREADS_MAX, this::execute);
    }

    /// Starts the threads; apart from the constructor, so that they see a finished object.
    IoctlEngine start() {
        threads.start();
        return this;
    }

    private void execute(final int slot) {
        statuses[slot] = NodeCalls.io(fd, commands.address() + PassthroughEngine.offset(slot));
    }

    @Override
    public String description() {
        return reason.isEmpty() ? "threads" : "threads (" + reason + ")";
    }

    @Override
    public List<Capability> capabilities() {
        return List.of(
                new Capability("io-threads", Integer.toString(threads.size()), "fixed", ""),
                new Capability("registered-buffers", "0", "needs io_uring", "memory is pinned for each command"));
    }

    @Override
    public void start(final int slot, final int bufferIndex) {
        threads.execute(slot);
    }

    @Override
    public int poll(final Completion target) {
        completion = target;
        return threads.poll(this);
    }

    @Override
    public int await(final Completion target, final long timeoutNs) {
        completion = target;
        return threads.await(this, timeoutNs);
    }

    @Override
    public void done(final int slot) {
        final long result = view.wrap(commands, PassthroughEngine.offset(slot)).result();
        completion.onCommand(slot, statuses[slot], result);
    }

    @Override
    public boolean takeWakeup() {
        return threads.takeWakeup();
    }

    @Override
    public void wakeup() {
        threads.wakeup();
    }

    @Override
    public long registrationMax() {
        return 0;
    }

    @Override
    public int register(final MemorySegment memory) {
        return -Errno.EOPNOTSUPP;
    }

    @Override
    public void unregister(final int index) {
        throw new IllegalArgumentException("no buffer is registered: index=" + index);
    }

    @Override
    public void close() {
        threads.close();
    }
}
