/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import static dev.zapkv.io.TestGeometries.BLOCK;
import static dev.zapkv.io.TestGeometries.CAPACITY;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.AsyncIo;
import dev.zapkv.io.Completions;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.IoAttributes;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.TestGeometries;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.ZoneState;
import dev.zapkv.io.command.IoEngine;
import dev.zapkv.io.command.IoEngines;
import dev.zapkv.io.command.ThreadEngine;
import dev.zapkv.io.emulated.EmulatedZones;
import dev.zapkv.io.linux.Errno;
import java.io.IOException;
import java.io.RandomAccessFile;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.zip.CRC32C;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// What lies in a device's directory: creation, damage, unclean stops.
final class DeviceFilesTest {
    private static final FileDeviceOptions OPTIONS = FileDeviceOptions.DEFAULT.withAsyncIo(AsyncIo.THREADS);

    @TempDir
    private Path root;

    private Path directory() {
        return root.resolve("device");
    }

    private FileZoneDevice create() {
        return FileZoneDevice.create(directory(), TestGeometries.small(), OPTIONS);
    }

    private FileZoneDevice open() {
        return FileZoneDevice.open(directory(), OPTIONS);
    }

    private static void append(final FileZoneDevice device, final int zone, final int length) {
        try (Arena arena = Arena.ofConfined()) {
            final IoBuffer buffer =
                    device.register(arena.allocate(length, BLOCK).fill((byte) 5));
            assertTrue(device.append(zone, buffer, 0, length, IoAttributes.NONE, 1));
            assertTrue(new Completions().drain(device).result(1) >= 0);
            buffer.close();
        }
    }

    private static String message(final Runnable call) {
        return assertThrows(DeviceException.class, call::run).getMessage();
    }

    private static void assertContains(final String message, final String... parts) {
        for (final String part : parts) {
            assertTrue(message.contains(part), message);
        }
    }

    @Test
    void shouldCreateADirectoryOnce() {
        assertFalse(FileZoneDevice.exists(directory()));
        create().close();
        assertTrue(FileZoneDevice.exists(directory()));
        assertContains(message(this::create), directory().toString(), "already holds a device");
    }

    @Test
    void shouldRefuseADirectoryThatIsNoDevice() throws IOException {
        assertContains(message(this::open), "is not a ZapKV device directory");
        Files.createDirectory(directory());
        assertContains(message(this::open), "is not a ZapKV device directory");
        Files.writeString(directory().resolve("DEVICE"), "something else entirely\n");
        assertContains(message(this::open), "is not a ZapKV device directory", "DEVICE");
    }

    @Test
    void shouldRefuseToCreateOverZoneFilesWithoutIdentity() throws IOException {
        try (FileZoneDevice device = create()) {
            append(device, 0, BLOCK);
        }
        Files.delete(directory().resolve("DEVICE"));
        assertContains(message(this::create), "zone files", "identity file is gone");
        assertTrue(Files.exists(directory().resolve("zones/zone-00000000")));
    }

    @Test
    void shouldKeepTheGeometry() {
        final ZoneGeometry geometry = new ZoneGeometry(512, 1 << 20, 512 * 2000, 77, 3, 4, 512 * 9);
        FileZoneDevice.create(directory(), geometry, OPTIONS).close();
        try (FileZoneDevice device = open()) {
            assertEquals(geometry, device.geometry());
        }
    }

    @Test
    void shouldRefuseEveryDamageOfTheIdentityFile() {
        final Path path = Path.of("/device/DEVICE");
        final byte[] good = DeviceIdentity.encode(TestGeometries.small());
        assertEquals(TestGeometries.small(), DeviceIdentity.decode(path, good));
        for (int length = 0; length < good.length; length++) {
            final byte[] cut = Arrays.copyOf(good, length);
            assertContains(message(() -> DeviceIdentity.decode(path, cut)), "/device");
        }
        for (int bit = 0; bit < good.length * 8; bit++) {
            final byte[] flipped = good.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            assertContains(message(() -> DeviceIdentity.decode(path, flipped)), "/device");
        }
        assertContains(message(() -> DeviceIdentity.decode(path, Arrays.copyOf(good, good.length + 1))), "damaged");
    }

    @Test
    void shouldTellNewerFromDamagedIdentities() {
        final String good = new String(DeviceIdentity.encode(TestGeometries.small()), StandardCharsets.US_ASCII);
        final String body = good.substring(0, good.indexOf("crc32c="));
        final Path path = Path.of("/device/DEVICE");
        assertContains(
                message(() -> DeviceIdentity.decode(path, signed(body.replace("format=1", "format=2") + "more=1\n"))),
                "has format 2",
                "newer version");
        for (final String bad : List.of(
                body.replace("format=1", "format=0"),
                body.replace("format=1", "format=x"),
                body.replace("block-size=4096", "block-size=4095"),
                body.replace("block-size=4096", "block-size=04096"),
                body.replace("zone-count=8", "zone-count=0"),
                body.replace("zone-count=8", "zone-count=9999999999"),
                body + "extra=1\n",
                body.replace("max-open=0\n", ""))) {
            assertContains(message(() -> DeviceIdentity.decode(path, signed(bad))), "damaged");
        }
    }

    private static byte[] signed(final String body) {
        final CRC32C crc = new CRC32C();
        crc.update(body.getBytes(StandardCharsets.US_ASCII));
        return (body + String.format("crc32c=%08x\n", crc.getValue())).getBytes(StandardCharsets.US_ASCII);
    }

    @Test
    void shouldRefuseEveryDamageOfTheZoneStates() {
        final ZoneGeometry geometry = TestGeometries.small();
        final EmulatedZones zones = new EmulatedZones(geometry);
        zones.restore(1, ZoneState.FULL, CAPACITY, false);
        zones.restore(2, ZoneState.OPEN, 3 * BLOCK, true);
        zones.restore(3, ZoneState.READ_ONLY, BLOCK, true);
        zones.restore(4, ZoneState.OFFLINE, 0, true);
        zones.restore(5, ZoneState.OPEN, 0, true);
        final Path path = Path.of("/device/ZONES");
        final byte[] good = ZoneStatesFile.encode(geometry, zones);
        final EmulatedZones read = new EmulatedZones(geometry);
        ZoneStatesFile.decode(path, good, geometry, read);
        assertEquals(new ZoneInfo(1, ZoneState.FULL, CAPACITY, CAPACITY, false), read.report(1));
        assertEquals(new ZoneInfo(2, ZoneState.CLOSED, 3 * BLOCK, CAPACITY, true), read.report(2));
        assertEquals(new ZoneInfo(3, ZoneState.READ_ONLY, BLOCK, CAPACITY, true), read.report(3));
        assertEquals(ZoneState.OFFLINE, read.state(4));
        assertEquals(ZoneState.EMPTY, read.state(5));
        for (int length = 0; length < good.length; length++) {
            final byte[] cut = Arrays.copyOf(good, length);
            assertContains(
                    message(() -> ZoneStatesFile.decode(path, cut, geometry, new EmulatedZones(geometry))), "damaged");
        }
        for (int bit = 0; bit < good.length * 8; bit++) {
            final byte[] flipped = good.clone();
            flipped[bit / 8] ^= (byte) (1 << bit % 8);
            assertContains(
                    message(() -> ZoneStatesFile.decode(path, flipped, geometry, new EmulatedZones(geometry))),
                    "damaged",
                    "delete it");
        }
    }

    @Test
    void shouldSayWhichFileWasTruncated() throws IOException {
        try (FileZoneDevice device = create()) {
            append(device, 3, BLOCK);
        }
        final Path file = directory().resolve("zones/zone-00000003");
        try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
            access.setLength(BLOCK);
        }
        assertContains(message(this::open), file.toString(), BLOCK + " bytes", "expected " + CAPACITY);
    }

    @Test
    void shouldFailReadsOfAFileTruncatedWhileOpen() throws IOException {
        try (FileZoneDevice device = create();
                Arena arena = Arena.ofConfined()) {
            append(device, 3, 2 * BLOCK);
            final Path file = directory().resolve("zones/zone-00000003");
            try (RandomAccessFile access = new RandomAccessFile(file.toFile(), "rw")) {
                access.setLength(BLOCK);
            }
            final long address = device.geometry().address(3, 0);
            final MemorySegment memory = arena.allocate(2 * BLOCK, BLOCK);
            assertContains(
                    message(() -> device.readSync(address, memory, 0, 2 * BLOCK)),
                    file.toString(),
                    "expected " + CAPACITY);
            final IoBuffer buffer = device.register(memory);
            assertTrue(device.read(address, buffer, 0, 2 * BLOCK, IoAttributes.NONE, 1));
            assertEquals(-Errno.EIO, new Completions().drain(device).result(1));
        }
    }

    @Test
    void shouldSayWhichFileIsMissing() throws IOException {
        try (FileZoneDevice device = create()) {
            append(device, 3, BLOCK);
        }
        Files.delete(directory().resolve("zones/zone-00000003"));
        assertContains(message(this::open), "zone-00000003", "missing");
    }

    @Test
    void shouldRefuseForeignZoneFiles() throws IOException {
        create().close();
        final Path foreign = Files.write(directory().resolve("zones/zone-00000008"), new byte[CAPACITY]);
        assertContains(message(this::open), foreign.toString(), "not a file of this device");
        Files.delete(foreign);
        final Path odd = Files.write(directory().resolve("zones/zone-3"), new byte[CAPACITY]);
        assertContains(message(this::open), odd.toString());
        Files.delete(odd);
        open().close();
    }

    @Test
    void shouldReportZonesAsFullAfterAnUncleanStop() throws IOException {
        try (FileZoneDevice device = create()) {
            append(device, 0, BLOCK);
            append(device, 1, BLOCK);
            device.reset(1);
            device.open(2);
        }
        assertTrue(Files.exists(directory().resolve("ZONES")));
        Files.delete(directory().resolve("ZONES")); // what an unclean stop leaves
        Files.write(directory().resolve("zones/zone-00000004.tmp"), new byte[10]);
        try (FileZoneDevice device = open()) {
            assertEquals(new ZoneInfo(0, ZoneState.FULL, CAPACITY, CAPACITY, false), device.report(0));
            assertEquals(new ZoneInfo(1, ZoneState.FULL, CAPACITY, CAPACITY, false), device.report(1));
            assertEquals(ZoneState.EMPTY, device.report(2).state(), "reserved, never written");
            assertEquals(ZoneState.EMPTY, device.report(3).state());
            assertFalse(Files.exists(directory().resolve("ZONES")), "no states are valid while it is open");
            assertFalse(Files.exists(directory().resolve("zones/zone-00000004.tmp")));
            device.reset(0);
            append(device, 0, BLOCK);
            assertEquals(new ZoneInfo(0, ZoneState.OPEN, BLOCK, CAPACITY, true), device.report(0));
        }
    }

    @Test
    void shouldKeepTheStatesWhenOpeningFails() throws IOException {
        try (FileZoneDevice device = create()) {
            append(device, 0, BLOCK);
        }
        Files.write(directory().resolve("zones/zone-x"), new byte[0]);
        assertThrows(DeviceException.class, this::open);
        Files.delete(directory().resolve("zones/zone-x"));
        try (FileZoneDevice device = open()) {
            assertTrue(device.report(0).writePointerExact());
        }
    }

    @Test
    void shouldReserveAndReleaseSpace() throws IOException {
        final Path file = directory().resolve("zones/zone-00000001");
        try (FileZoneDevice device = create()) {
            assertFalse(Files.exists(file));
            device.open(1);
            assertEquals(CAPACITY, Files.size(file));
            device.reset(1);
            assertTrue(Files.exists(file), "recycled, not truncated");
            device.release(1);
            assertFalse(Files.exists(file));
        }
    }

    @Test
    void shouldUseThreadsWhenThePropertySaysSo() {
        assertEquals("threads", withProperty("threads"));
        assertTrue(withProperty("auto").matches("io_uring|threads \\(.+\\)"));
        assertThrows(IllegalArgumentException.class, () -> withProperty("fast"));
    }

    private String withProperty(final String value) {
        System.setProperty(AsyncIo.PROPERTY, value);
        try (FileZoneDevice device = FileZoneDevice.create(
                root.resolve("property-" + value), TestGeometries.small(), FileDeviceOptions.DEFAULT)) {
            append(device, 0, BLOCK);
            return device.capabilities().asynchronousIo();
        } finally {
            System.clearProperty(AsyncIo.PROPERTY);
        }
    }

    @Test
    void shouldFallBackToThreadsAndSayWhyWhenTheRingIsRefused() {
        final IoEngine engine = IoEngines.choose(
                AsyncIo.AUTO,
                () -> {
                    throw new DeviceException("io_uring_setup failed: " + Errno.describe(Errno.EPERM), Errno.EPERM);
                },
                reason -> ThreadEngine.open(4, reason));
        assertEquals("threads (io_uring_setup failed: EPERM (1))", engine.description());
        engine.close();
    }

    @Test
    void shouldWorkThroughThePageCache() throws IOException {
        for (final AsyncIo asyncIo : List.of(AsyncIo.AUTO, AsyncIo.THREADS)) {
            final FileDeviceOptions options =
                    OPTIONS.withAsyncIo(asyncIo).withDirectIo(DirectIo.OFF).withQueueDepth(4);
            final Path path = root.resolve("buffered-" + asyncIo);
            try (FileZoneDevice device = FileZoneDevice.create(path, TestGeometries.small(), options)) {
                append(device, 0, 4 * BLOCK);
                assertTrue(device.flush(2));
                assertEquals(0, new Completions().drain(device).result(2));
            }
            assertEquals(5, Files.readAllBytes(path.resolve("zones/zone-00000000"))[4 * BLOCK - 1]);
        }
    }

    @Test
    void shouldRefuseGeometriesADirectoryCannotHave() {
        assertThrows(
                IllegalArgumentException.class,
                () -> FileZoneDevice.create(
                        directory(), new ZoneGeometry(512, 1L << 40, 512, Integer.MAX_VALUE, 0, 0, 512), OPTIONS));
        assertFalse(FileZoneDevice.exists(directory()));
        assertThrows(IllegalArgumentException.class, () -> OPTIONS.withQueueDepth(0));
        assertThrows(IllegalArgumentException.class, () -> OPTIONS.withQueueDepth(5000));
    }

    @Test
    void shouldSayWhyADirectoryCannotBeCreated() throws IOException {
        Files.writeString(directory(), "a file in the way");
        assertContains(message(this::create), directory().toString());
    }

    @Test
    void shouldLeaveNoDescriptorOpen() throws IOException {
        create().close();
        final long before = descriptors();
        for (int i = 0; i < 10; i++) {
            try (FileZoneDevice device = FileZoneDevice.open(directory(), FileDeviceOptions.DEFAULT);
                    Arena arena = Arena.ofConfined()) {
                append(device, i % 8, BLOCK);
                device.readSync(device.geometry().address(i % 8, 0), arena.allocate(10), 0, 10);
            }
        }
        assertTrue(descriptors() <= before + 2, "before=" + before + " after=" + descriptors());
    }

    private static long descriptors() throws IOException {
        try (var files = Files.list(Path.of("/proc/self/fd"))) {
            return files.count();
        }
    }
}
