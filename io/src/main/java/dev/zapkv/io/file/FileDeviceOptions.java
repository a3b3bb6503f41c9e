/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.AsyncIo;
import java.util.Objects;

/// How a directory is opened. Nothing of this is stored in it.
///
/// @param asyncIo    how commands get to the kernel
/// @param queueDepth commands that may be in flight, 1 to 4,096
/// @param directIo   whether the page cache is passed by
public record FileDeviceOptions(AsyncIo asyncIo, int queueDepth, DirectIo directIo) {
    /// What suits nearly everyone.
    public static final FileDeviceOptions DEFAULT = new FileDeviceOptions(AsyncIo.AUTO, 64, DirectIo.AUTO);

    private static final int QUEUE_DEPTH_MAX = 4096;

    /// Checks the range of each value.
    public FileDeviceOptions {
        Objects.requireNonNull(asyncIo, "asyncIo");
        Objects.requireNonNull(directIo, "directIo");
        if (queueDepth < 1 || queueDepth > QUEUE_DEPTH_MAX) {
            throw new IllegalArgumentException("queueDepth=" + queueDepth + " not in [1, " + QUEUE_DEPTH_MAX + "]");
        }
    }

    /// The same with another way to the kernel.
    public FileDeviceOptions withAsyncIo(final AsyncIo value) {
        return new FileDeviceOptions(value, queueDepth, directIo);
    }

    /// The same with another queue depth.
    public FileDeviceOptions withQueueDepth(final int value) {
        return new FileDeviceOptions(asyncIo, value, directIo);
    }

    /// The same with another use of the page cache.
    public FileDeviceOptions withDirectIo(final DirectIo value) {
        return new FileDeviceOptions(asyncIo, queueDepth, value);
    }
}
