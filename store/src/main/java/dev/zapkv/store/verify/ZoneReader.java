/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneDevice;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.ByteBuffer;
import java.util.function.IntConsumer;

/// A window on a zone. What the device does not let be read does not keep what is beside it from being read.
final class ZoneReader implements AutoCloseable {
    private final ZoneDevice device;
    private final int step;
    private final int most;
    private final IntConsumer beforeRead;
    private final Arena arena = Arena.ofConfined();
    private final MemorySegment memory;
    private final ByteBuffer view;
    private int zone;
    private long end;
    private long loadedFrom;
    private int loaded;
    private long bytesRead;

    /// @param most       bytes that are wanted at a time
    /// @param window     bytes that are read at a time; twice as many as are wanted at least
    /// @param beforeRead told how many bytes will be read next
    ZoneReader(final ZoneDevice device, final int most, final int window, final IntConsumer beforeRead) {
        this.device = device;
        this.most = most;
        this.beforeRead = beforeRead;
        step = device.geometry().blockSize();
        memory = arena.allocate(Math.max(window, 2L * most), 4096);
        view = memory.asByteBuffer();
    }

    /// Turns to a zone.
    ///
    /// @param writePointer nothing behind it is read
    void begin(final int nextZone, final long writePointer) {
        zone = nextZone;
        end = writePointer;
        loaded = 0;
    }

    /// Has a logical block in the window, and what follows it as far as it can be read.
    ///
    /// @return why it cannot be read, or null
    String load(final long at) {
        if (at >= loadedFrom && at + Math.min(most, end - at) <= loadedFrom + loaded) {
            return null;
        }
        final int window = (int) Math.min(memory.byteSize(), end - at);
        if (read(at, window) == null) {
            return null;
        }
        // Logical block by logical block, up to the first that cannot be read.
        final int wanted = (int) Math.min(most, end - at);
        int good = 0;
        String reason = null;
        while (good < wanted && reason == null) {
            reason = readOne(at, good);
            good += reason == null ? step : 0;
        }
        loadedFrom = at;
        loaded = good;
        return good > 0 ? null : reason;
    }

    private String read(final long at, final int length) {
        beforeRead.accept(length);
        try {
            device.readSync(device.geometry().address(zone, at), memory, 0, length);
        } catch (final DeviceException e) {
            loaded = 0;
            return e.getMessage();
        }
        bytesRead += length;
        loadedFrom = at;
        loaded = length;
        return null;
    }

    private String readOne(final long at, final int done) {
        beforeRead.accept(step);
        try {
            device.readSync(device.geometry().address(zone, at + done), memory, done, step);
        } catch (final DeviceException e) {
            return e.getMessage();
        }
        bytesRead += step;
        return null;
    }

    MemorySegment memory() {
        return memory;
    }

    ByteBuffer view() {
        return view;
    }

    /// Place of a byte of the zone in the window.
    int offset(final long at) {
        return (int) (at - loadedFrom);
    }

    /// Bytes in the window from there on.
    int available(final long at) {
        return (int) (loadedFrom + loaded - at);
    }

    /// Bytes read so far.
    long bytesRead() {
        return bytesRead;
    }

    @Override
    public void close() {
        arena.close();
    }
}
