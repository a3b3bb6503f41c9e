/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

/// Receives the two completion stages of a command, always in this order and each exactly once per token. Called on
/// the thread that polls. May queue further commands; must not poll.
public interface CompletionHandler {
    /// How long a command took, right before its result. Only for commands whose {@link IoAttributes#TIMED} is
    /// accepted.
    ///
    /// @param token     as given with the command
    /// @param elapsedNs from the acceptance of the command until the device had its result
    default void onTimed(final long token, final long elapsedNs) {}

    /// The result is known; the next dependent step may go.
    ///
    /// @param token   as given with the command
    /// @param result  append: device address; read: bytes; flush: 0; negative: {@code -errno} (see {@link
    /// DeviceException})
    /// @param answers what became of the requested {@link IoAttributes}, see {@link IoAttributes#answer}
    void onResult(long token, long result, int answers);

    /// The buffer may be reused.
    ///
    /// @param token      as given with the command
    /// @param bounceCopy true if the data is known to have gone through a bounce copy
    default void onBufferReleased(final long token, final boolean bounceCopy) {}
}
