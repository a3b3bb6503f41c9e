/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.uring;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.linux.Libc;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// An io_uring instance: prepare entries from {@link #next}, {@link #submit} them, {@link #reap} completions.
///
/// *Threads.* One caller at a time, see the package. {@link #submitAndWait} blocks the platform thread, and
/// the carrier of a virtual thread.
///
/// *Invariant.* {@code inFlight = entries prepared - completions reaped}. Every supported command completes
/// exactly once. An owner who keeps {@code inFlight ≤} {@link CompletionQueue#capacity} never sees the queue
/// overflow; if it does, {@link #reap} fetches the rest.
///
/// *End.* The memory of commands belongs to the kernel until their completions were reaped, so {@link #close}
/// is called with {@code inFlight = 0}, except for a ring that failed.
public final class Ring implements AutoCloseable {
    private static final long OFFSET_RINGS = 0;
    private static final long OFFSET_SQES = 0x1000_0000L;
    private static final int ENTER_GETEVENTS = 1;
    private static final int ENTER_EXT_ARG = 1 << 3;
    private static final int EXT_ARG_LENGTH = 24;
    private static final int EXT_ARG_TIMESPEC_OFFSET = 16;
    private static final int TIMESPEC_LENGTH = 16;
    private static final long NANOS_PER_SECOND = 1_000_000_000L;

    /// What is given up, in this order, until the kernel accepts the set-up.
    private static final int[] DROP_ORDER = {
        RingParams.SETUP_NO_SQARRAY,
        RingParams.SETUP_DEFER_TASKRUN,
        RingParams.SETUP_SINGLE_ISSUER,
        RingParams.SETUP_TASKRUN_FLAG,
        RingParams.SETUP_COOP_TASKRUN,
        RingParams.SETUP_SUBMIT_ALL,
        RingParams.SETUP_CQSIZE,
        RingParams.SETUP_CLAMP
    };

    /// What the owner builds on: refused together with the set-up.
    private static final int KEPT = RingParams.SETUP_SQE128 | RingParams.SETUP_CQE32;

    private final int fd;
    private final int setupFlags;
    private final int features;
    private final Arena arena;
    private final SubmissionQueue submissions;
    private final CompletionQueue completions;
    private final RegisteredBuffers buffers;
    private final MemorySegment extArg;
    private final MemorySegment timespec;

    private Ring(final int fd, final RingParams params, final RingOptions options, final Arena arena) {
        this.fd = fd;
        this.arena = arena;
        setupFlags = params.flags();
        features = params.features();
        final MemorySegment rings = map(params.ringLength(), OFFSET_RINGS);
        final MemorySegment sqes = map(params.sqesLength(), OFFSET_SQES);
        submissions = new SubmissionQueue(rings, sqes, params);
        completions = new CompletionQueue(rings, params);
        buffers = RegisteredBuffers.create(fd, options.bufferSlots(), arena);
        extArg = arena.allocate(EXT_ARG_LENGTH, Long.BYTES);
        timespec = arena.allocate(TIMESPEC_LENGTH, Long.BYTES);
        extArg.set(ValueLayout.JAVA_LONG, EXT_ARG_TIMESPEC_OFFSET, timespec.address());
    }

    /// Sets a ring up, giving up preferred flags the kernel does not know.
    ///
    /// @throws DeviceException with the errno of the call that failed: ENOSYS (no io_uring), EPERM
    ///                         (forbidden), ENOMEM (limits), …
    public static Ring open(final RingOptions options) {
        final Arena arena = Arena.ofShared();
        int fd = -1;
        try {
            final RingParams params = new RingParams(arena.allocate(RingParams.LENGTH, Long.BYTES));
            fd = setup(options, params);
            final String problem = params.problem();
            if (problem != null) {
                throw new DeviceException("io_uring cannot be used: " + problem, Errno.EOPNOTSUPP);
            }
            return new Ring(fd, params, options, arena);
        } catch (final Throwable t) {
            arena.close();
            if (fd >= 0) {
                Libc.close(fd);
            }
            throw t;
        }
    }

    private static int setup(final RingOptions options, final RingParams params) {
        int flags = options.setupFlags();
        int dropped = 0;
        while (true) {
            params.clear();
            params.flags(flags);
            if ((flags & RingParams.SETUP_CQSIZE) != 0) {
                params.cqEntries(options.cqEntries());
            }
            final int result = Libc.ioUringSetup(options.entries(), params.address());
            if (result >= 0) {
                return result;
            }
            if (result != -Errno.EINVAL || (flags & ~KEPT) == 0) {
                throw new DeviceException("io_uring_setup failed: " + Errno.describe(-result), -result);
            }
            // EINVAL does not say which flag it means.
            while ((flags & DROP_ORDER[dropped]) == 0) {
                dropped++;
            }
            flags &= ~DROP_ORDER[dropped];
        }
    }

    private MemorySegment map(final long length, final long offset) {
        final long address = Libc.mmap(length, Libc.PROT_READ_WRITE, Libc.MAP_SHARED | Libc.MAP_POPULATE, fd, offset);
        if (address < 0 && address > -4096) {
            throw new DeviceException("mmap of the ring failed: " + Errno.describe((int) -address), (int) -address);
        }
        return Libc.mapping(address, length, arena);
    }

    /// The ring's descriptor.
    int fd() {
        return fd;
    }

    /// Flags in effect, a set of {@code RingParams.SETUP_…}.
    public int setupFlags() {
        return setupFlags;
    }

    /// What the kernel can do, a set of {@code RingParams.FEATURE_…}.
    public int features() {
        return features;
    }

    /// The submission queue, for its sizes and counters.
    public SubmissionQueue submissions() {
        return submissions;
    }

    /// The completion queue, for its sizes and counters.
    public CompletionQueue completions() {
        return completions;
    }

    /// The table of registered buffers.
    public RegisteredBuffers buffers() {
        return buffers;
    }

    /// Entries prepared and not yet completed.
    public int inFlight() {
        return submissions.preparedCount() - completions.reapedCount();
    }

    /// The next submission entry, zeroed, or null if the queue is full: submit first. Fill it before the next
    /// call.
    public SqeFlyweight next() {
        return submissions.next();
    }

    /// Submits prepared entries without waiting. Entries the kernel does not take now (short of memory) stay
    /// prepared for the next call.
    ///
    /// @return entries taken
    public int submit() {
        final int toSubmit = submissions.publish();
        final int flags = deferred() || submissions.taskWork() ? ENTER_GETEVENTS : 0;
        return toSubmit == 0 && flags == 0 ? 0 : enter(toSubmit, 0, flags, 0, 0);
    }

    /// Submits prepared entries and waits for completions. Returns early when a signal arrives: look at the
    /// queue, then at the clock.
    ///
    /// @param minComplete completions that should be ready
    /// @param timeoutNs   longest wait, not negative
    public void submitAndWait(final int minComplete, final long timeoutNs) {
        final int toSubmit = submissions.publish();
        timespec.set(ValueLayout.JAVA_LONG, 0, timeoutNs / NANOS_PER_SECOND);
        timespec.set(ValueLayout.JAVA_LONG, Long.BYTES, timeoutNs % NANOS_PER_SECOND);
        enter(toSubmit, minComplete, ENTER_GETEVENTS | ENTER_EXT_ARG, extArg.address(), EXT_ARG_LENGTH);
    }

    /// Hands out every completion that is ready, also those that did not fit the queue.
    ///
    /// @return number of completions handed out
    public int reap(final CqeHandler handler) {
        int count = completions.drain(handler);
        while (submissions.overflowed()) {
            // The kernel moves its backlog only when asked for events.
            enter(0, 0, ENTER_GETEVENTS, 0, 0);
            final int more = completions.drain(handler);
            if (more == 0) {
                break;
            }
            count += more;
        }
        return count;
    }

    /// Whether completions are posted only inside {@code io_uring_enter}.
    private boolean deferred() {
        return (setupFlags & RingParams.SETUP_DEFER_TASKRUN) != 0;
    }

    private int enter(
            final int toSubmit, final int minComplete, final int flags, final long argument, final long argumentSize) {
        final int result = Libc.ioUringEnter(fd, toSubmit, minComplete, flags, argument, argumentSize);
        if (result >= 0) {
            return result;
        }
        return switch (-result) {
            // Interrupted or timed out; short of memory or of room for completions: the caller reaps and
            // comes again.
            case Errno.EINTR, Errno.ETIME, Errno.EAGAIN, Errno.EBUSY -> 0;
            default ->
                throw new DeviceException(
                        "io_uring_enter failed: " + Errno.describe(-result) + "; the ring cannot be used any more",
                        -result);
        };
    }

    /// Whether {@link #close} was called.
    public boolean isClosed() {
        return !arena.scope().isAlive();
    }

    /// Unregisters, unmaps and closes. Idempotent. Later use throws {@link IllegalStateException}.
    @Override
    public void close() {
        if (isClosed()) {
            return;
        }
        buffers.close();
        arena.close();
        final int result = Libc.close(fd);
        if (result < 0) {
            throw new DeviceException("close of the ring failed: " + Errno.describe(-result), -result);
        }
    }
}
