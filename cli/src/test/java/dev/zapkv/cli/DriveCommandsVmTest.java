/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/// Every command on real drives: what it does where it is right, and what it says, and leaves alone, where
/// it is not.
@Tag("vm")
class DriveCommandsVmTest {
    private static final String ZONES = "0-23";

    @TempDir
    private Path directory;

    @Test
    void shouldKeepEntriesOnAnNvmeNamespace() throws IOException {
        liveOn("nvme:" + TestDrives.nvme(), "--zones", ZONES);
    }

    @Test
    void shouldKeepEntriesOnAnNvmeNamespaceWithSmallAppends() throws IOException {
        liveOn("nvme:" + TestDrives.small());
    }

    @Test
    void shouldKeepEntriesOnAZonedBlockDevice() throws IOException {
        liveOn("zbd:" + TestDrives.block(TestDrives.small()));
    }

    @Test
    void shouldKeepEntriesOnNullBlk() throws IOException {
        liveOn("zbd:" + TestDrives.nullBlock());
    }

    @Test
    void shouldKeepEntriesOnZonefs() throws IOException {
        liveOn("zonefs:" + TestDrives.zonefs());
    }

    private void liveOn(final String store, final String... range) throws IOException {
        succeed(run("format", store, List.of("--force"), range));
        succeed(run("put", store, List.of("greeting", "good morning"), range));
        final Cli.Result asked = new Cli().input("no\n").run(arguments("format", store, List.of(), range));
        assertEquals(ExitCode.FAILED, asked.exitCode());
        assertTrue(asked.out().contains(": a ZapKV store."), asked.out());
        assertTrue(asked.err().contains("Nothing was changed"), asked.err());
        assertEquals("good morning\n", succeed(run("get", store, List.of("greeting"), range)));

        final Path entries = directory.resolve("entries.jsonl");
        final List<String> lines = new ArrayList<>();
        for (int i = 0; i < 2000; i++) {
            lines.add("{\"key\":\"key-" + i + "\",\"value\":\"" + "v".repeat(i) + "\"}");
        }
        Files.write(entries, lines);
        succeed(run("load", store, List.of(entries.toString()), range));
        succeed(run("load", store, List.of(entries.toString()), range));
        succeed(run("delete", store, List.of("key-7"), range));
        assertEquals("2000\n", succeed(run("count", store, List.of(), range)));
        assertEquals(
                ExitCode.NOT_FOUND, run("get", store, List.of("key-7"), range).exitCode());
        assertTrue(succeed(run("stats", store, List.of(), range)).contains("none: opened read-only"));
        // In conventional zones metadata takes none of the others.
        final boolean apart = store.equals("zbd:" + System.getenv("ZNS_VM_NULL_BLK"));
        assertEquals(
                !apart, succeed(run("zones", store, List.of("--json"), range)).contains("\"stream\":\"metadata\""));
        succeed(run("gc", store, List.of("--min-garbage", "0.01"), range));
        final List<String> expected = new ArrayList<>(lines);
        expected.remove(7);
        expected.add("{\"key\":\"greeting\",\"value\":\"good morning\"}");
        expected.sort(null);
        readAlone(store, expected, range);
        salvage(store, expected, range);

        final Cli.Result erased = new Cli().input("yes\n").run(arguments("format", store, List.of(), range));
        assertEquals(ExitCode.OK, erased.exitCode(), erased::err);
        assertEquals("0\n", succeed(run("count", store, List.of(), range)));
    }

    /// The commands that only read leave every zone as it is.
    private void readAlone(final String store, final List<String> expected, final String... range) throws IOException {
        final String zones = TestDrives.zonesInUse();
        assertEquals("2000\n", succeed(run("count", store, List.of(), range)));
        assertEquals("good morning\n", succeed(run("get", store, List.of("greeting"), range)));
        final Map<String, Object> figures = Json.object(succeed(run("stats", store, List.of("--json"), range)));
        assertTrue(figures.get("recovery").toString().contains("opened read-only"), figures::toString);
        final String verified = succeed(run("verify", store, List.of("--json"), range));
        final Map<String, Object> report = Json.object(verified);
        assertEquals(List.of(), report.get("findings"), verified);
        assertEquals(false, report.get("damaged"), verified);
        assertEquals(true, report.get("index_checked"), verified);
        assertTrue(((Number) report.get("metadata_blocks")).intValue() > 1, verified);
        assertEquals(expected, entries(store, range));
        assertEquals(zones, TestDrives.zonesInUse());
    }

    /// What a drive without metadata still holds is got into a directory.
    private void salvage(final String store, final List<String> expected, final String... range) throws IOException {
        final String target = directory.resolve("salvaged").toString();
        final Cli.Result refused = run("salvage", store, List.of(target), range);
        assertEquals(ExitCode.FAILED, refused.exitCode(), refused::out);
        TestDrives.eraseMetadata(store);
        final String zones = TestDrives.zonesInUse();
        assertEquals(
                ExitCode.FAILED, run("get", store, List.of("greeting"), range).exitCode());
        succeed(run("salvage", store, List.of(target), range));
        assertEquals(expected, entries(target));
        assertEquals(zones, TestDrives.zonesInUse());
    }

    private List<String> entries(final String store, final String... range) throws IOException {
        final Path dump = directory.resolve("dump.jsonl");
        succeed(run("dump", store, List.of(dump.toString(), "--sorted", "--force"), range));
        return Files.readAllLines(dump).stream().sorted().toList();
    }

    @Test
    void shouldListEveryDriveWithWhatItCanDo() throws IOException {
        final String table = succeed(new Cli().run("devices"));
        assertTrue(table.contains("nvme:" + TestDrives.nvme() + "\n"), table);
        assertTrue(table.contains("zbd:" + TestDrives.nullBlock() + "\n"), table);
        assertTrue(table.contains("zonefs:" + TestDrives.zonefs() + "\n"), table);
        assertTrue(table.contains("nvme:" + TestDrives.ordinary() + "\n  not usable: it has no zones"), table);
        assertTrue(table.contains("bytes of metadata per block"), table);
        assertTrue(table.contains("(Identify zoned controller, ZASL="), table);
        final Map<String, Object> json = Json.object(succeed(new Cli().run("devices", "--json")));
        assertEquals(List.of("devices"), List.copyOf(json.keySet()));
    }

    @Test
    void shouldRefuseEachWrongDriveInItsOwnWordsAndWriteNothing() throws IOException {
        final String nvme = TestDrives.nvme();
        final String block = TestDrives.block(nvme);
        succeed(run("format", "nvme:" + nvme, List.of("--force"), "--zones", ZONES));
        succeed(run("put", "nvme:" + nvme, List.of("a", "1"), "--zones", ZONES));
        final String before = TestDrives.zonesInUse();
        refused("is a block device; passthrough needs", "format", "nvme:" + block);
        refused("an NVMe passthrough node: give its block device", "format", "zbd:" + nvme);
        refused("node of an NVMe controller, not of a namespace", "format", "nvme:/dev/nvme0");
        refused("is no node of an NVMe namespace", "format", "nvme:/dev/null");
        refused("does not exist: check the name", "format", "nvme:/dev/ng99n1");
        refused("is not zoned", "format", "nvme:" + TestDrives.ordinary());
        refused("is not zoned", "format", "zbd:" + TestDrives.block(TestDrives.ordinary()));
        refused("is not on zonefs", "format", "zonefs:" + directory);
        refused("bytes of metadata per block", "format", "nvme:" + TestDrives.metadata());
        refused("is in use", "format", "nvme:/dev/ng2n1", "--force");
        refused("mounted at " + TestDrives.zonefs(), "format", "zbd:/dev/nvme2n1", "--force");
        refused("does not lie in", "format", "nvme:" + nvme, "--zones", "0-300");
        refused(
                "a store needs at least 8 zones, there would be 4",
                "format",
                "nvme:" + nvme,
                "--zones",
                "0-3",
                "--force");
        refused(
                "has another size than when the store was made: it had 24 zones, now there are 13",
                "count",
                "nvme:" + nvme,
                "--zones",
                "0-12");
        refused(
                "has another size than when the store was made: it had 24 zones, now there are 64",
                "put",
                "nvme:" + nvme,
                "b",
                "2");
        refused("there is no store on", "put", "nvme:" + nvme, "b", "2", "--zones", "30-60");
        assertEquals(before, TestDrives.zonesInUse());
        assertEquals("1\n", succeed(run("get", "nvme:" + nvme, List.of("a"), "--zones", ZONES)));
    }

    @Test
    void shouldRefuseWhatAnotherProgramWrote() throws IOException {
        final String drive = TestDrives.nullBlock();
        TestDrives.output("blkzone", "reset", drive);
        final String zone = Long.toString(10L * 16);
        TestDrives.output("dd", "if=/dev/urandom", "of=" + drive, "bs=1M", "count=1", "seek=" + zone, "oflag=direct");
        refused("hold data but no readable store metadata", "put", "zbd:" + drive, "a", "1", "--zones", "10-40");
        final Cli.Result asked = new Cli().run("format", "zbd:" + drive, "--zones", "10-40");
        assertTrue(asked.out().contains("1 of them is not empty and holds 1.0 MiB."), asked.out());
        assertEquals(ExitCode.FAILED, asked.exitCode());
        TestDrives.output("blkzone", "reset", drive);
    }

    @Test
    void shouldSayWhatPermissionIsMissingAndWhatIsSeenWithoutIt() throws IOException {
        final String drive = TestDrives.nullBlock();
        TestDrives.output("chown", "65534:65534", drive);
        try {
            final String list = unprivileged("devices");
            assertTrue(list.contains("zbd:" + drive + "\n  not usable: no permission to open " + drive), list);
            assertTrue(list.contains("seen in sysfs: zone model host-managed, zones 64, zone size 16.0 MiB"), list);
            final String refusal = unprivileged("put", "zbd:" + drive, "a", "1");
            assertTrue(refusal.contains("become root, or give your group the node with a udev rule"), refusal);
        } finally {
            TestDrives.output("chown", "0:0", drive);
        }
        final boolean old = System.getProperty("os.version").startsWith("6.1.");
        final String node = unprivileged("put", "nvme:" + TestDrives.small(), "a", "1");
        assertEquals(old, node.contains("CAP_SYS_ADMIN"), node);
    }

    /// Runs a command as a user who owns root's files and may nothing else.
    private static String unprivileged(final String... arguments) throws IOException {
        final List<String> command = new ArrayList<>(List.of(
                "setpriv",
                "--bounding-set=-all",
                "--inh-caps=-all",
                Path.of(System.getProperty("java.home"), "bin", "java").toString(),
                "--add-opens=java.base/jdk.internal.misc=ALL-UNNAMED",
                "--enable-native-access=ALL-UNNAMED",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-cp",
                System.getProperty("java.class.path"),
                Main.class.getName()));
        command.addAll(List.of(arguments));
        return TestDrives.output(command.toArray(String[]::new));
    }

    private static void refused(final String message, final String... arguments) {
        final Cli.Result result = new Cli().input("yes\n").run((Object[]) arguments);
        assertEquals(ExitCode.FAILED, result.exitCode(), () -> String.join(" ", arguments) + result);
        assertTrue(result.err().contains(message), () -> String.join(" ", arguments) + result);
        assertFalse(result.err().contains("unexpected"), result::err);
    }

    private static Cli.Result run(
            final String command, final String store, final List<String> rest, final String... range) {
        return new Cli().run(arguments(command, store, rest, range));
    }

    private static Object[] arguments(
            final String command, final String store, final List<String> rest, final String... range) {
        final List<String> all = new ArrayList<>(List.of(command, store));
        all.addAll(rest);
        all.addAll(List.of(range));
        return all.toArray();
    }

    private static String succeed(final Cli.Result result) {
        assertEquals(ExitCode.OK, result.exitCode(), result::err);
        return result.out();
    }
}
