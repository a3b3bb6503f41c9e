/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.Durability;
import java.util.List;
import org.junit.jupiter.api.Test;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

class RunOptionsTest {
    @Command(name = "test")
    private static final class Holder {
        @Mixin
        private final RunOptions options = new RunOptions();
    }

    @Test
    void shouldHaveDefaultsThatNeedNoOption() {
        final RunSettings settings = parse();
        assertEquals(List.of(WorkloadKind.values()), settings.workloads());
        assertEquals(200_000, settings.warmUp());
        assertEquals(1_000, settings.valueSize());
        assertEquals(1, settings.threads());
        assertEquals(Durability.PROCESS, settings.durability());
        assertEquals(0, settings.target());
        assertTrue(settings.memoryBytes() <= 4L << 30, "memory " + settings.memoryBytes());
    }

    @Test
    void shouldSortWorkloadsAndDropRepeatedOnes() {
        assertEquals(
                List.of(WorkloadKind.LOAD, WorkloadKind.A, WorkloadKind.D),
                parse("--workloads", "D,a,load,A").workloads());
    }

    @Test
    void shouldHandEverySettingToTheChild() {
        final RunSettings settings = parse(
                "--workloads",
                "A,C",
                "--records",
                "5k",
                "--operations",
                "7k",
                "--warm-up",
                "0",
                "--value-size",
                "64",
                "--threads",
                "3",
                "--durability",
                "flushed",
                "--memory",
                "256m",
                "--target",
                "9k",
                "--seed",
                "-7");
        assertEquals(settings, parse(RunOptions.arguments(settings).toArray(String[]::new)));
        assertEquals(0, settings.warmUp());
        assertEquals(9_000, settings.target());
        assertEquals(-7, settings.seed());
    }

    private static RunSettings parse(final String... arguments) {
        final Holder holder = new Holder();
        new CommandLine(holder).parseArgs(arguments);
        return holder.options.settings();
    }
}
