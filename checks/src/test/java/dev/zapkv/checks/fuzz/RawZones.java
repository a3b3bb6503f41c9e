/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.fuzz;

import dev.zapkv.io.Capabilities;
import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import java.lang.foreign.MemorySegment;
import java.util.Arrays;
import java.util.List;

/// A device to be read only, whose zones hold any bytes. Reads that a real device would refuse are findings.
public final class RawZones implements ZoneDevice {
    /// Sizes of the device.
    public static final ZoneGeometry GEOMETRY = new ZoneGeometry(512, 16 << 10, 15 << 10, 4, 0, 0, 8 << 10);

    private static final List<ZoneState> STATES = List.of(ZoneState.values());

    private final byte[][] bytes = new byte[GEOMETRY.zoneCount()][(int) GEOMETRY.zoneCapacity()];
    private final ZoneInfo[] infos = new ZoneInfo[GEOMETRY.zoneCount()];

    /// Empty zones.
    public RawZones() {
        for (int zone = 0; zone < infos.length; zone++) {
            infos[zone] = new ZoneInfo(zone, ZoneState.EMPTY, 0, GEOMETRY.zoneCapacity(), true);
        }
    }

    /// Takes the zones in a range from an input. Each is a byte for its state, with bit 7 if its write pointer is
    /// not exact, a byte for the write pointer in blocks, and as many bytes of content as there are.
    public void load(final FuzzInput input, final int from, final int to, final boolean repair) {
        for (int zone = from; zone < to; zone++) {
            final int form = input.u8();
            final ZoneState state = STATES.get((form & 0x7F) % STATES.size());
            final long blocks = GEOMETRY.zoneCapacity() / GEOMETRY.blockSize();
            final long pointer = state == ZoneState.EMPTY ? 0 : input.u8() % (blocks + 1) * GEOMETRY.blockSize();
            infos[zone] = new ZoneInfo(zone, state, pointer, GEOMETRY.zoneCapacity(), (form & 0x80) == 0);
            final byte[] content = input.take((int) pointer);
            Arrays.fill(bytes[zone], (byte) 0);
            System.arraycopy(content, 0, bytes[zone], 0, content.length);
            if (repair) {
                Checksums.repairBlocks(MemorySegment.ofArray(bytes[zone]), GEOMETRY.blockSize());
            }
        }
    }

    /// A zone as {@link #load} takes it.
    public static byte[] zone(final ZoneState state, final byte[]... blocks) {
        final int length = Arrays.stream(blocks).mapToInt(block -> block.length).sum();
        final byte[] zone = new byte[2 + length];
        zone[0] = (byte) STATES.indexOf(state);
        zone[1] = (byte) (length / GEOMETRY.blockSize());
        int at = 2;
        for (final byte[] block : blocks) {
            System.arraycopy(block, 0, zone, at, block.length);
            at += block.length;
        }
        return zone;
    }

    /// Arrays one behind the other.
    public static byte[] concatenated(final byte[]... parts) {
        final byte[] whole =
                new byte[Arrays.stream(parts).mapToInt(part -> part.length).sum()];
        int at = 0;
        for (final byte[] part : parts) {
            System.arraycopy(part, 0, whole, at, part.length);
            at += part.length;
        }
        return whole;
    }

    @Override
    public ZoneGeometry geometry() {
        return GEOMETRY;
    }

    @Override
    public void readSync(final long address, final MemorySegment target, final long targetOffset, final int length) {
        final int zone = GEOMETRY.zoneOf(address);
        final long offset = GEOMETRY.offsetOf(address);
        if (address < 0 || length <= 0 || zone >= bytes.length || offset + length > GEOMETRY.zoneCapacity()) {
            throw new AssertionError("a read of " + length + " bytes at " + address + " does not lie in a zone");
        }
        if (infos[zone].state() == ZoneState.OFFLINE) {
            throw new DeviceException("zone " + zone + " is offline", DeviceException.EIO);
        }
        MemorySegment.copy(MemorySegment.ofArray(bytes[zone]), offset, target, targetOffset, length);
    }

    @Override
    public ZoneInfo report(final int zone) {
        return infos[zone];
    }

    @Override
    public Capabilities capabilities() {
        throw readOnly();
    }

    @Override
    public IoBuffer register(final MemorySegment memory) {
        throw readOnly();
    }

    @Override
    public boolean append(
            final int zone,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        throw readOnly();
    }

    @Override
    public boolean read(
            final long address,
            final IoBuffer buffer,
            final long offset,
            final int length,
            final int attributes,
            final long token) {
        throw readOnly();
    }

    @Override
    public boolean flush(final long token) {
        throw readOnly();
    }

    @Override
    public int poll(final CompletionHandler handler) {
        return 0;
    }

    @Override
    public int await(final CompletionHandler handler, final long timeoutNs) {
        return 0;
    }

    @Override
    public void wakeup() {
        throw readOnly();
    }

    @Override
    public int inFlight() {
        return 0;
    }

    @Override
    public void open(final int zone) {
        throw readOnly();
    }

    @Override
    public void finish(final int zone) {
        throw readOnly();
    }

    @Override
    public void reset(final int zone) {
        throw readOnly();
    }

    @Override
    public void release(final int zone) {
        throw readOnly();
    }

    @Override
    public void close() {}

    private static AssertionError readOnly() {
        return new AssertionError("a parser only reads");
    }
}
