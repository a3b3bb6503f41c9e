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
import java.util.Optional;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class CampaignTest {
    private static final List<EngineKind> ENGINES = List.of(EngineKind.ROCKSDB, EngineKind.NONE);

    @TempDir
    private Path directory;

    @Test
    void shouldTurnTheOrderOfTheEnginesRoundEveryOtherRepetition() throws IOException {
        try (Campaign campaign = campaign(Durability.PROCESS)) {
            assertEquals(ENGINES, campaign.order(1));
            assertEquals(ENGINES.reversed(), campaign.order(2));
            assertEquals(ENGINES, campaign.order(3));
        }
    }

    @Test
    void shouldSayWhereAPeerHasNoSuchLevel() throws IOException {
        try (Campaign campaign = campaign(Durability.DEVICE)) {
            assertTrue(campaign.conditions().contains("RocksDB has no level 'device'"), campaign.conditions());
        }
    }

    @Test
    void shouldDeleteItsDataAndTheParentItMade() throws IOException {
        final Path scratch;
        try (Campaign campaign = campaign(Durability.PROCESS)) {
            scratch = campaign.directory();
            Files.writeString(Files.createDirectory(scratch.resolve("x")).resolve("y"), "z");
        }
        assertFalse(Files.exists(scratch));
        assertFalse(Files.exists(directory.resolve("data")));
    }

    @Test
    void shouldKeepAParentThatWasThere() throws IOException {
        Files.createDirectory(directory.resolve("data"));
        campaign(Durability.PROCESS).close();
        assertTrue(Files.exists(directory.resolve("data")));
    }

    private Campaign campaign(final Durability durability) throws IOException {
        final RunSettings settings =
                new RunSettings(List.of(WorkloadKind.LOAD), 10, 10, 100, 1, durability, 1L << 30, 0, null, 42);
        return new Campaign(ScratchDirectory.below(directory.resolve("data")), Optional.empty(), ENGINES, settings, 1);
    }
}
