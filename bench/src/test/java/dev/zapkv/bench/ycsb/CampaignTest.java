/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.Durability;
import dev.zapkv.bench.ScratchDirectory;
import dev.zapkv.bench.peer.EngineKind;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CampaignTest {
    private static final List<EngineKind> ENGINES = List.of(EngineKind.ROCKSDB, EngineKind.NONE);

    @TempDir
    private Path directory;

    @Test
    void shouldTurnTheOrderOfTheEnginesRoundEveryOtherRepetition() throws IOException {
        try (RunGuard guard = guard()) {
            final Campaign campaign = campaign(guard, Durability.PROCESS);
            assertEquals(ENGINES, campaign.order(1));
            assertEquals(ENGINES.reversed(), campaign.order(2));
            assertEquals(ENGINES, campaign.order(3));
        }
    }

    @Test
    void shouldSayWhereAPeerHasNoSuchLevel() throws IOException {
        try (RunGuard guard = guard()) {
            final Campaign campaign = campaign(guard, Durability.DEVICE);
            assertTrue(campaign.conditions().contains("RocksDB has no level 'device'"), campaign.conditions());
        }
    }

    @Test
    void shouldDeleteItsDataAndTheParentItMade() throws IOException {
        final Path scratch;
        try (RunGuard guard = guard()) {
            scratch = guard.directory();
            Files.writeString(Files.createDirectory(scratch.resolve("x")).resolve("y"), "z");
        }
        assertFalse(Files.exists(scratch));
        assertFalse(Files.exists(directory.resolve("data")));
    }

    @Test
    void shouldKeepAParentThatWasThere() throws IOException {
        Files.createDirectory(directory.resolve("data"));
        guard().close();
        assertTrue(Files.exists(directory.resolve("data")));
    }

    private RunGuard guard() throws IOException {
        return new RunGuard(ScratchDirectory.below(directory.resolve("data")));
    }

    private static Campaign campaign(final RunGuard guard, final Durability durability) {
        final RunSettings settings =
                new RunSettings(List.of(WorkloadKind.LOAD), 10, 10, 0, 100, 1, durability, 1L << 30, 0, null, 42);
        return new Campaign(guard, ENGINES, settings, 1);
    }
}
