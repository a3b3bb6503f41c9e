/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.log;

import org.agrona.BitUtil;
import org.agrona.BufferUtil;
import org.agrona.MutableDirectBuffer;
import org.agrona.concurrent.MessageHandler;
import org.agrona.concurrent.UnsafeBuffer;
import org.agrona.concurrent.ringbuffer.ManyToOneRingBuffer;
import org.agrona.concurrent.ringbuffer.RingBufferDescriptor;

/// Messages of writers to the agent that a block is sealed. Any number of senders, one receiver.
final class SealedBlocks {
    private static final int SEALED_MESSAGE = 1;
    private static final int MESSAGE_LENGTH = 16;
    // With the ring buffer's own header, rounded up.
    private static final int MESSAGE_ROOM = 32;

    private final ManyToOneRingBuffer ring;
    private final PendingBlocks pending;
    private final MessageHandler onMessage = this::onMessage;

    /// @param blocks  a power of two, more than can be sealed at a time: so that sealing never waits
    /// @param pending where received messages go
    SealedBlocks(final int blocks, final PendingBlocks pending) {
        ring = new ManyToOneRingBuffer(new UnsafeBuffer(BufferUtil.allocateDirectAligned(
                blocks * MESSAGE_ROOM + RingBufferDescriptor.TRAILER_LENGTH, BitUtil.CACHE_LINE_LENGTH)));
        this.pending = pending;
    }

    /// Any thread.
    void send(final long block, final int length) {
        int at = ring.tryClaim(SEALED_MESSAGE, MESSAGE_LENGTH);
        while (at < 0) {
            Thread.onSpinWait();
            at = ring.tryClaim(SEALED_MESSAGE, MESSAGE_LENGTH);
        }
        ring.buffer().putLong(at, block);
        ring.buffer().putInt(at + 8, length);
        ring.commit(at);
    }

    /// Takes what was sent.
    ///
    /// @return number of messages
    int receive() {
        return ring.read(onMessage);
    }

    boolean isEmpty() {
        return ring.size() == 0;
    }

    private void onMessage(final int type, final MutableDirectBuffer buffer, final int at, final int messageLength) {
        pending.sealed(buffer.getLong(at), buffer.getInt(at + 8));
    }
}
