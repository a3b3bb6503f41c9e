/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import dev.zapkv.io.ForwardingZoneDevice;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneDevice;
import java.lang.foreign.MemorySegment;

/// Counts what would change a device.
final class WriteCounter extends ForwardingZoneDevice {
    private int writes;

    WriteCounter(final ZoneDevice device) {
        super(device);
    }

    /// Appends, flushes, and changes of a zone's state that were asked for; buffers registered, too: only
    /// those who
    /// write need one.
    int writes() {
        return writes;
    }

    @Override
    public IoBuffer register(final MemorySegment memory) {
        writes++;
        return super.register(memory);
    }

    @Override
    public boolean append(
            final int zone,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        writes++;
        return super.append(zone, buffer, offset, length, attributes, token);
    }

    @Override
    public boolean flush(final long token) {
        writes++;
        return super.flush(token);
    }

    @Override
    public void open(final int zone) {
        writes++;
        super.open(zone);
    }

    @Override
    public void finish(final int zone) {
        writes++;
        super.finish(zone);
    }

    @Override
    public void reset(final int zone) {
        writes++;
        super.reset(zone);
    }

    @Override
    public void release(final int zone) {
        writes++;
        super.release(zone);
    }
}
