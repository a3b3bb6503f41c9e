/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

import java.lang.foreign.MemorySegment;

/// A lease on memory that commands may use.
public interface IoBuffer extends AutoCloseable {
    /// The memory itself.
    MemorySegment memory();

    /// Whether the kernel holds it pinned.
    boolean registered();

    /// Ends the lease.
    ///
    /// @throws IllegalStateException if a command still uses the buffer
    @Override
    void close();
}
