/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import static dev.zapkv.store.format.LittleEndian.INT;

import dev.zapkv.checks.fuzz.Checksums;
import dev.zapkv.checks.fuzz.FuzzInput;
import dev.zapkv.checks.fuzz.FuzzTarget;
import dev.zapkv.checks.fuzz.RawZones;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.emulated.EmulatedZones;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.List;

/// The file of a directory's zone states.
public final class ZoneStatesTarget implements FuzzTarget {
    private static final Path PATH = Path.of("ZONES");
    private static final ZoneGeometry GEOMETRY = new ZoneGeometry(4096, 1 << 20, 1 << 20, 6, 4, 5, 1 << 20);

    @Override
    public List<byte[]> seeds() {
        final EmulatedZones zones = new EmulatedZones(GEOMETRY);
        zones.restore(1, ZoneState.CLOSED, 4096, true);
        zones.restore(2, ZoneState.FULL, 1 << 20, true);
        zones.restore(3, ZoneState.READ_ONLY, 8192, false);
        zones.restore(4, ZoneState.OFFLINE, 0, false);
        final byte[] file = ZoneStatesFile.encode(GEOMETRY, zones);
        return List.of(RawZones.concatenated(new byte[] {0}, file), RawZones.concatenated(new byte[] {1}, file));
    }

    @Override
    public void run(final byte[] bytes) {
        final FuzzInput input = new FuzzInput(bytes);
        final boolean repair = (input.u8() & 1) != 0;
        final byte[] file = input.rest();
        if (repair && file.length >= Integer.BYTES) {
            final MemorySegment memory = MemorySegment.ofArray(file);
            final int end = file.length - Integer.BYTES;
            memory.set(INT, end, Checksums.crc(memory, 0, end));
        }
        final EmulatedZones zones = new EmulatedZones(GEOMETRY);
        try {
            ZoneStatesFile.decode(PATH, file, GEOMETRY, zones);
        } catch (final DeviceException e) {
            // as documented
            return;
        }
        for (int zone = 0; zone < GEOMETRY.zoneCount(); zone++) {
            final ZoneInfo info = zones.report(zone);
            if (info.writePointer() < 0 || info.writePointer() > info.capacity() || info.writePointer() % 4096 != 0) {
                throw new AssertionError(info + " is out of bounds");
            }
        }
    }
}
