/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.checkpoint;

/// A checkpoint that cannot be opened from. Nothing is lost: another one, or the whole log, takes its place.
public final class InvalidCheckpointException extends Exception {
    private static final long serialVersionUID = 1;

    InvalidCheckpointException(final String reason) {
        super(reason);
    }
}
