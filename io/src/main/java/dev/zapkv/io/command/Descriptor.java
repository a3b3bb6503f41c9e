/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.command;

import dev.zapkv.io.linux.Libc;
import java.lang.invoke.MethodHandles;
import java.lang.invoke.VarHandle;

/// A file descriptor that is closed by its last user, so that nobody ever uses a number that was closed or
/// given to another file. Nobody waits: {@link #close} refuses new users and returns; the last {@link
/// #release} closes the descriptor.
///
/// | state | meaning |
/// |---|---|
/// | n ≥ 0 | open, n users |
/// | CLOSING + n | closed to new users, n users left |
/// | ≥ CLOSED, negative | the descriptor is closed |
public final class Descriptor {
    private static final int CLOSING = Integer.MIN_VALUE;
    private static final int CLOSED = Integer.MIN_VALUE / 2;
    private static final VarHandle STATE;

    static {
        try {
            STATE = MethodHandles.lookup().findVarHandle(Descriptor.class, "state", int.class);
        } catch (final ReflectiveOperationException e) {
            throw new ExceptionInInitializerError(e);
        }
    }

    private final int fd;

    @SuppressWarnings("unused") // through STATE
    private volatile int state;

    /// Takes a descriptor over.
    public Descriptor(final int fd) {
        this.fd = fd;
    }

    /// Becomes a user.
    ///
    /// @return false if the descriptor is closed; then there is nothing to release
    public boolean acquire() {
        if ((int) STATE.getAndAdd(this, 1) >= 0) {
            return true;
        }
        release();
        return false;
    }

    /// The number, valid between {@link #acquire} and {@link #release}.
    public int fd() {
        return fd;
    }

    /// Ends one use.
    public void release() {
        final int left = (int) STATE.getAndAdd(this, -1) - 1;
        if (left == CLOSING) {
            closeUnused();
        }
    }

    /// Refuses new users; closes once there are none. Idempotent.
    public void close() {
        int users = (int) STATE.getVolatile(this);
        while (users >= 0) {
            if (STATE.compareAndSet(this, users, CLOSING + users)) {
                if (users == 0) {
                    closeUnused();
                }
                return;
            }
            users = (int) STATE.getVolatile(this);
        }
    }

    /// A failed {@link #acquire} may come between and retries this with its own release: exactly one of them
    /// wins.
    private void closeUnused() {
        if (STATE.compareAndSet(this, CLOSING, CLOSED)) {
            // Nothing can be done about an error, and nothing depends on it: data is made durable by
            // fdatasync, not by close.
            final int result = Libc.close(fd);
            assert result == 0 : "close of fd=" + fd + " failed, errno=" + -result;
        }
    }
}
