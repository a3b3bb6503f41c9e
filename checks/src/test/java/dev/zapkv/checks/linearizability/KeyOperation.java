/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.linearizability;

/// What happened to one key, as part of one call.
///
/// @param kind  what was done
/// @param value number of the value written or read, {@link #NONE} for none; of a question 1 for yes, 0 for no
record KeyOperation(Kind kind, int value) {
    /// A key without a value.
    static final Integer NONE = -1;

    enum Kind {
        /// Of a put, or of a batch.
        WRITE,
        READ,
        /// A read that only tells whether there is a value.
        CONTAINS,
        /// A delete that tells whether there was a value.
        DELETE
    }

    /// The specification: the value after the operation, or null if it had another outcome.
    static Integer apply(final Integer state, final KeyOperation operation) {
        final boolean present = !state.equals(NONE);
        return switch (operation.kind()) {
            case WRITE -> operation.value();
            case READ -> operation.value() == state ? state : null;
            case CONTAINS -> present == (operation.value() == 1) ? state : null;
            case DELETE -> present == (operation.value() == 1) ? NONE : null;
        };
    }
}
