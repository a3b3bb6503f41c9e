/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

/// Commands to a drive on the calling thread. Results: 0, a status of the drive (positive, see {@link NvmeStatus}), or
/// {@code -errno}. Callable from any thread.
interface DriverCalls {
    /// The namespace behind the node, or {@code -errno}.
    int namespaceId();

    /// An admin command.
    int admin(PassthroughCommand command);

    /// A command of the namespace. The result field of the command is filled.
    int io(PassthroughCommand command);
}
