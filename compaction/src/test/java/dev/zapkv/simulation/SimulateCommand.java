/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import java.io.IOException;
import java.security.SecureRandom;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Iterator;
import java.util.List;
import java.util.Optional;
import java.util.concurrent.Callable;
import java.util.concurrent.TimeUnit;
import picocli.CommandLine;
import picocli.CommandLine.Command;
import picocli.CommandLine.Model.CommandSpec;
import picocli.CommandLine.Option;
import picocli.CommandLine.Spec;

/// `zapkv simulate`: runs simulated histories and says whether the store kept its promises in all of them.
@Command(
        name = "zapkv simulate",
        mixinStandardHelpOptions = true,
        sortOptions = false,
        header = "Runs whole stores over simulated drives that crash and fail, and checks all they say.",
        description = {
            "",
            "Each seed is one history: a store is written to, read, collected, closed, killed and cut off from power"
                    + " (while it recovers, too), and after each opening its content is compared with a model and its"
                    + " accounts with the bytes on the drive. A seed and a commit give the same history again.",
            ""
        },
        footer = {
            "",
            "Examples:",
            "  ./zapkv simulate --seeds 10000",
            "  ./zapkv simulate --hours 12 --keep-going",
            "  ./zapkv simulate --from 4711 --seeds 1 --drive rotting",
            "  ./zapkv simulate --plant all",
            "",
            "Exit status: 0 all histories held, 1 one did not (or a planted bug was not found), 2 wrong usage,"
                    + " 3 the simulation itself failed."
        })
public final class SimulateCommand implements Callable<Integer> {
    private static final long DEFAULT_SEEDS = 1000;
    private static final int SEED_BITS = 48;
    private static final double SECONDS_PER_HOUR = 3600;
    private static final int ITSELF_FAILED = 3;
    private static final String ALL_PLANTS = "all";

    @Spec
    private CommandSpec spec;

    @Option(
            names = "--seeds",
            paramLabel = "N",
            description = "Histories to run. Default: 1000, or no limit with --hours.")
    private Long seeds;

    @Option(
            names = "--from",
            paramLabel = "SEED",
            description = "First seed, or tree: one that the committed sources decide. Default: a random one, which is"
                    + " printed.",
            converter = SeedConverter.class)
    private Long from;

    @Option(names = "--hours", paramLabel = "H", description = "Ends after so many hours (0.1 is six minutes).")
    private Double hours;

    @Option(names = "--threads", paramLabel = "T", description = "Histories at a time. Default: one per processor.")
    private int threads = Runtime.getRuntime().availableProcessors();

    @Option(
            names = "--steps",
            paramLabel = "S",
            description = "Operations in a history. Default: 20 to 1280, by the seed.")
    private int steps = Setup.MIXED_STEPS;

    @Option(
            names = "--drive",
            paramLabel = "KIND",
            description = "Kind of drive; default: all in turn. Kinds: ${COMPLETION-CANDIDATES}.",
            completionCandidates = DriveLabels.class,
            converter = DriveConverter.class)
    private Drive drive;

    @Option(
            names = "--plant",
            paramLabel = "NAME",
            description = "Plants a bug, and runs histories until one finds it; all: one after another."
                    + " Plants: ${COMPLETION-CANDIDATES}.",
            completionCandidates = PlantLabels.class)
    private String plant;

    @Option(names = "--keep-going", description = "Goes on behind a history that failed.")
    private boolean keepGoing;

    @Option(names = "--json", description = "Prints the summary as JSON.")
    private boolean json;

    /// Labels of the drives, for the help text.
    static final class DriveLabels implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Arrays.stream(Drive.values()).map(Drive::label).iterator();
        }
    }

    /// Labels of the plants, for the help text.
    static final class PlantLabels implements Iterable<String> {
        @Override
        public Iterator<String> iterator() {
            return Arrays.stream(Plant.values()).map(Plant::label).iterator();
        }
    }

    /// A number, or what the sources of the commit give: other histories for each change, the same ones again.
    static final class SeedConverter implements CommandLine.ITypeConverter<Long> {
        @Override
        public Long convert(final String value) {
            try {
                return "tree".equals(value) ? Commit.seed() : Long.parseLong(value);
            } catch (final NumberFormatException e) {
                throw new CommandLine.TypeConversionException("'" + value + "' is no seed, nor is it 'tree'");
            }
        }
    }

    /// From the label on the command line.
    static final class DriveConverter implements CommandLine.ITypeConverter<Drive> {
        @Override
        public Drive convert(final String value) {
            try {
                return Drive.named(value);
            } catch (final IllegalArgumentException e) {
                throw new CommandLine.TypeConversionException(e.getMessage());
            }
        }
    }

    /// The command.
    public static void main(final String[] arguments) {
        System.exit(new CommandLine(new SimulateCommand())
                .setExecutionExceptionHandler((e, commandLine, parsed) -> {
                    e.printStackTrace(commandLine.getErr());
                    return ITSELF_FAILED;
                })
                .execute(arguments));
    }

    @Override
    public Integer call() throws IOException, InterruptedException, ReflectiveOperationException {
        final long base = from == null ? new SecureRandom().nextLong() >>> (Long.SIZE - SEED_BITS) : from;
        final long count = seeds != null ? seeds : hours != null ? Long.MAX_VALUE : DEFAULT_SEEDS;
        final long nanos =
                hours == null ? Long.MAX_VALUE : (long) (hours * SECONDS_PER_HOUR * TimeUnit.SECONDS.toNanos(1));
        final Campaign.Plan plan =
                new Campaign.Plan(base, count, Optional.ofNullable(drive), steps, threads, nanos, keepGoing);
        System.err.println("seeds from " + base + ", commit " + Commit.current());
        if (plant != null) {
            return hunt(plan);
        }
        final Campaign campaign = new Campaign(plan, violation -> report(violation));
        final List<Campaign.Violation> violations;
        try (ProgressLine progress = new ProgressLine(campaign, plan)) {
            progress.start();
            violations = campaign.run();
        }
        final Summary summary = new Summary(campaign, plan, violations);
        System.out.println(json ? summary.json() : summary.text());
        return violations.isEmpty() ? 0 : 1;
    }

    private int hunt(final Campaign.Plan plan) throws IOException, ReflectiveOperationException {
        final List<Plant> plants;
        try {
            plants = ALL_PLANTS.equals(plant) ? List.of(Plant.values()) : List.of(Plant.named(plant));
        } catch (final IllegalArgumentException e) {
            throw new CommandLine.ParameterException(spec.commandLine(), e.getMessage());
        }
        final PlantHunt hunt = new PlantHunt(plan);
        final List<PlantHunt.Outcome> outcomes = new ArrayList<>();
        for (final Plant next : plants) {
            final PlantHunt.Outcome outcome = hunt.hunt(next);
            outcomes.add(outcome);
            if (!json) {
                System.out.println(Summary.line(outcome));
            }
        }
        if (json) {
            System.out.println(Summary.json(outcomes));
        }
        return outcomes.stream().allMatch(PlantHunt.Outcome::isCaught) ? 0 : 1;
    }

    private void report(final Campaign.Violation violation) {
        System.err.println();
        violation.error().printStackTrace(System.err);
        System.err.println("again, at commit " + Commit.current() + ": " + violation.reproduction(steps));
    }
}
