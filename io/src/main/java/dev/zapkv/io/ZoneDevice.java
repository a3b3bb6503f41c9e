/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

import java.lang.foreign.MemorySegment;
import java.util.Optional;

/// Storage made of zones that are written by zone append alone: the one interface between the engine and a device.
///
/// *Poll-driven.* Commands are queued by {@link #append}, {@link #read} and {@link #flush} and complete only inside
/// {@link #poll} or {@link #await}; there are no call-backs from hidden threads. Completions of one zone arrive in
/// any order.
///
/// *Exactly once.* Each accepted token gets {@link CompletionHandler#onResult} once and then {@link
/// CompletionHandler#onBufferReleased} once, also when the command failed and when the device is closed.
///
/// *Threads.* All methods but {@link #readSync}, {@link #geometry}, {@link #capabilities} and {@link #counters} need
/// external synchronisation: one caller at a time, not necessarily always the same platform thread. {@link #readSync}
/// may be called by any thread, virtual ones included, at any time; after {@link #close} it throws {@link
/// DeviceException}.
///
/// *Addresses.* A device address is {@code zone * geometry().zoneSize() + offset}, in bytes, a 64-bit value.
///
/// *Emulated append.* Where the device has no native zone append the implementation assigns the write pointer when
/// it dequeues the command. Callers cannot tell: they learn the address only from the completion.
///
/// Append, states and limits follow the NVMe Zoned Namespace Command Set Specification, sections 2 and 3.
public interface ZoneDevice extends AutoCloseable {
    /// The device's sizes; constant while it is open.
    ZoneGeometry geometry();

    /// What the device can do and how that was learned.
    Capabilities capabilities();

    /// What went through the device so far; all zeros if it does not count. Callable from any thread, also after {@link
    /// #close}; a snapshot taken while commands complete may mix values of neighbouring moments.
    default DeviceCounters counters() {
        return DeviceCounters.NONE;
    }

    /// Registers memory for use by {@link #append} and {@link #read}, so that the kernel need not pin it for each
    /// command. The memory must be aligned to, and a multiple of, the logical block. A device without registered
    /// buffers, or one that was refused them (memory-lock limit), returns a plain buffer: {@link
    /// IoBuffer#registered} tells.
    ///
    /// @param memory native memory, alive until the buffer is closed
    /// @return a lease on the memory; closing it while a command uses it throws {@link IllegalStateException}
    IoBuffer register(MemorySegment memory);

    /// Queues an append. The address is known at completion: {@code result} is the absolute device address of the
    /// first byte.
    ///
    /// @param zone       zone index
    /// @param buffer     where the data lies
    /// @param offset     first byte within the buffer, a multiple of the logical block
    /// @param length     bytes, a positive multiple of the logical block, at most {@link ZoneGeometry#maxAppend}
    /// @param attributes set of {@link IoAttributes}
    /// @param token      handed back by both completion stages
    /// @return false if the queue is full: poll, then try again
    /// @throws IllegalArgumentException if a parameter is out of range, or a required attribute is not supported
    boolean append(int zone, IoBuffer buffer, long offset, int length, int attributes, long token);

    /// Queues a read; {@code result} is the number of bytes read, always {@code length} on success.
    ///
    /// @param address absolute device address, a multiple of the logical block; the range must lie in one zone
    /// @param buffer  where to put the data
    /// @param offset  first byte within the buffer, a multiple of the logical block
    /// @param length  bytes, a positive multiple of the logical block
    /// @return false if the queue is full
    boolean read(long address, IoBuffer buffer, long offset, int length, int attributes, long token);

    /// Queues a flush: everything whose {@code onResult} arrived before this call is on stable media when the
    /// flush's own arrives with a result of 0. So is what an earlier process wrote, if it ended without a clean
    /// close.
    ///
    /// @return false if the queue is full
    boolean flush(long token);

    /// Submits what is queued and reports completions that are ready; never blocks.
    ///
    /// @return number of {@code onResult} calls made
    int poll(CompletionHandler handler);

    /// As {@link #poll}, but waits for at least one completion if any command is in flight, {@code timeoutNs} at
    /// most. Returns at once if none is. Ends early, with 0, when {@link #wakeup} is called.
    int await(CompletionHandler handler, long timeoutNs);

    /// Makes a present or the next {@link #await} return early. Callable from any thread.
    void wakeup();

    /// Commands accepted and not yet completed.
    int inFlight();

    /// Reads on the calling thread: any alignment, any length within one zone. Data of an append whose completion was
    /// reported is visible. What was not written since the zone's last reset reads as zeros or as older data.
    ///
    /// @throws DeviceException on an I/O error, a short read, or after close
    void readSync(long address, MemorySegment target, long targetOffset, int length);

    /// Reads the beginning of a zone as the drive has it, whatever was reported of the zone: a drive that has
    /// lost its zones' states may still hold what was written. No append may be in flight on the zone. What was
    /// not written since the last reset reads as anything.
    ///
    /// @param target memory aligned to the logical block
    /// @param length bytes, a positive multiple of the logical block
    /// @return bytes read, 0 if the device does not let us read there
    /// @throws DeviceException on an I/O error
    default int readForgotten(final int zone, final MemorySegment target, final int length) {
        readSync(geometry().address(zone, 0), target, 0, length);
        return length;
    }

    /// Zones apart from the numbered ones that can be overwritten, if the drive has some within its range.
    default Optional<ConventionalZones> conventional() {
        return Optional.empty();
    }

    /// State of one zone.
    ZoneInfo report(int zone);

    /// Opens a zone explicitly and reserves its space, so that appends cannot fail for want of it.
    ///
    /// @throws DeviceException with {@link DeviceException#ENOSPC} if the space cannot be had; the zone is then
    /// unchanged
    void open(int zone);

    /// Reserves the space of a zone, whatever its state, so that it never wants for it. Devices that have the
    /// space of each of their zones do nothing.
    ///
    /// @throws DeviceException with {@link DeviceException#ENOSPC} if the space cannot be had
    default void reserve(final int zone) {}

    /// Makes a zone full. No append may be in flight on it.
    void finish(int zone);

    /// Empties a zone and makes it writable from its start. No append may be in flight on it. Read-only and offline
    /// zones refuse.
    void reset(int zone);

    /// Gives the space behind an empty zone back to whoever provides it (a directory: the file is deleted). Devices
    /// without such a notion do nothing.
    void release(int zone);

    /// Completes what is in flight (handing it to no handler but counting it as done), persists zone states where
    /// the device does not do so itself, and releases everything. Idempotent.
    @Override
    void close();
}
