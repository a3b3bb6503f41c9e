/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.checks.fuzz;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.time.Duration;
import java.util.ArrayList;
import java.util.Base64;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/// Every input that the fuzzer found worth keeping, once more: what was fixed stays fixed.
final class CorpusTest {
    private static final Path MODULE = Path.of("");
    private static final Duration HANG = Duration.ofMinutes(2);

    static List<String> targets() {
        return FuzzTargets.names();
    }

    @ParameterizedTest
    @MethodSource("targets")
    void shouldBearEveryInputOfTheCorpus(final String name) throws IOException {
        final FuzzTarget target = FuzzTargets.named(name);
        target.seeds().forEach(target::run); // classes are loaded before allocations are counted
        final List<byte[]> inputs = new ArrayList<>(Corpus.read(Corpus.file(MODULE, name)));
        inputs.add(new byte[0]);
        assertTimeoutPreemptively(HANG, () -> {
            for (final byte[] input : inputs) {
                // A copy: targets may repair checksums in place.
                runNamed(target, input.clone());
            }
        });
    }

    private static void runNamed(final FuzzTarget target, final byte[] input) {
        try {
            FuzzRun.run(target, input);
        } catch (final RuntimeException | Error e) {
            throw new AssertionError("input " + Base64.getEncoder().encodeToString(input), e);
        }
    }

    @Test
    void shouldKeepACorpusOfEachTargetAndNoOther() throws IOException {
        final Path directory = Corpus.file(MODULE, "any").getParent();
        try (Stream<Path> files = Files.list(directory)) {
            assertEquals(
                    FuzzTargets.names().stream()
                            .map(name -> name + ".txt")
                            .sorted()
                            .toList(),
                    files.map(file -> file.getFileName().toString()).sorted().toList());
        }
        for (final String name : FuzzTargets.names()) {
            assertFalse(Corpus.read(Corpus.file(MODULE, name)).isEmpty(), name);
        }
    }
}
