/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import dev.zapkv.store.log.StagingLease;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Memory of a store for one value that is yet to be put. The device takes the value from there: no byte of it is
/// copied on the way.
///
/// Fill {@link #segments}, then hand it to {@link ZapKv#put(byte[], LargeValue)}. With that, as with {@link #close},
/// the memory is the store's again: the segments end, and whoever still uses them gets an {@link
/// IllegalStateException}. So nobody can change a value after its checksum was computed. A value that is not put has
/// to be closed; closing one that was put does nothing.
///
/// Its contents are undefined until they are written. Any thread may fill it, several ones too; whoever puts it sees to
/// it that they are through.
public final class LargeValue implements AutoCloseable {
    private final StagingLease lease;

    LargeValue(final StagingLease lease) {
        this.lease = lease;
    }

    /// Length of the value in bytes.
    public long length() {
        return lease.length();
    }

    /// The memory, in the order of the value's bytes; all segments but the last have the same length.
    ///
    /// @throws IllegalStateException if the value was put or closed
    public List<MemorySegment> segments() {
        return lease.segments();
    }

    /// Whether the device has taken the value and given all of its memory back. It may do so some time after the put
    /// returned, see {@link Durability}; until then the memory is not used for anything else.
    public boolean isReleased() {
        return lease.isReleased();
    }

    /// What is known of the value's way, once it {@link #isReleased}.
    ///
    /// @throws IllegalStateException before that, or if it was not put
    public Outcome outcome() {
        return lease.outcome();
    }

    /// Gives the memory back, unless the value was put. Idempotent.
    @Override
    public void close() {
        lease.close();
    }

    StagingLease lease() {
        return lease;
    }

    /// The way a value took. Bytes are those of its blocks, headers included.
    ///
    /// @param bytesInPlace bytes that the device took from the leased memory itself
    /// @param bytesCopied  bytes that went through a bounce copy
    /// @param registered   whether the device held all of the memory registered
    public record Outcome(long bytesInPlace, long bytesCopied, boolean registered) {}
}
