/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import static java.nio.charset.StandardCharsets.ISO_8859_1;
import static java.nio.charset.StandardCharsets.US_ASCII;

import dev.zapkv.checks.fuzz.Checksums;
import dev.zapkv.checks.fuzz.FuzzInput;
import dev.zapkv.checks.fuzz.FuzzTarget;
import dev.zapkv.checks.fuzz.RawZones;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import java.lang.foreign.MemorySegment;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;

/// The identity file of a directory: what is read is what would be written.
public final class DeviceIdentityTarget implements FuzzTarget {
    private static final Path PATH = Path.of("DEVICE");
    private static final int CRC_LINE = "crc32c=01234567\n".length();

    @Override
    public List<byte[]> seeds() {
        final byte[] file = DeviceIdentity.encode(new ZoneGeometry(4096, 1 << 26, 1 << 26, 100, 0, 0, 1 << 20));
        return List.of(RawZones.concatenated(new byte[] {0}, file), RawZones.concatenated(new byte[] {1}, file));
    }

    @Override
    public void run(final byte[] bytes) {
        final FuzzInput input = new FuzzInput(bytes);
        final boolean repair = (input.u8() & 1) != 0;
        final byte[] file = input.rest();
        if (repair && file.length >= CRC_LINE) {
            final int body = file.length - CRC_LINE;
            final int crc = Checksums.crc(MemorySegment.ofArray(file), 0, body);
            final byte[] line = String.format(Locale.ROOT, "crc32c=%08x\n", crc).getBytes(US_ASCII);
            System.arraycopy(line, 0, file, body, CRC_LINE);
        }
        final ZoneGeometry geometry;
        try {
            geometry = DeviceIdentity.decode(PATH, file);
        } catch (final DeviceException e) {
            // as documented
            return;
        }
        if (!Arrays.equals(file, DeviceIdentity.encode(geometry))) {
            throw new AssertionError("'" + new String(file, ISO_8859_1) + "' was read as " + geometry);
        }
    }
}
