/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.io.StringWriter;
import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// What a campaign did, for people or as JSON.
final class Summary {
    private final Figures figures;
    private final Campaign.Plan plan;
    private final List<Campaign.Violation> violations;
    private final double seconds;

    Summary(final Campaign campaign, final Campaign.Plan plan, final List<Campaign.Violation> violations) {
        figures = campaign.figures();
        seconds = campaign.seconds();
        this.plan = plan;
        this.violations = violations;
    }

    String text() {
        return String.format(
                Locale.ROOT,
                "%,d histories in %.0f s (%.1f/s), %,d with a crash, from seed %d%n"
                        + "%,d operations, %,d crashes (%,d power cuts), %,d recoveries, %,d openings (%,d from a checkpoint)%n"
                        + "%,d zones collected, %,d faults, %,d ends by a failed device, %,d reads refused for a reason%n"
                        + "crashes while: %s%n"
                        + "%d violations",
                figures.histories,
                seconds,
                figures.histories / seconds,
                figures.crashHistories,
                plan.from(),
                figures.steps,
                figures.crashes,
                figures.powerCuts,
                figures.recoveries,
                figures.openings,
                figures.fromCheckpoint,
                figures.zonesCollected,
                figures.faults,
                figures.failedEnds,
                figures.refusedReads,
                Arrays.stream(CrashPhase.values())
                        .map(phase -> phase.name().toLowerCase(Locale.ROOT) + " " + figures.crashesIn(phase))
                        .collect(Collectors.joining(", ")),
                violations.size());
    }

    /// One line on a plant.
    static String line(final PlantHunt.Outcome outcome) {
        return String.format(
                Locale.ROOT,
                "%-26s %,8d  %-14s %6.0f s  %s",
                outcome.plant().label(),
                outcome.histories(),
                outcome.isCaught() ? outcome.drive().label() : "NOT FOUND",
                outcome.seconds(),
                outcome.isCaught()
                        ? outcome.message().lines().findFirst().orElse("")
                        : outcome.plant().text());
    }

    /// The plants and what came of them.
    static String json(final List<PlantHunt.Outcome> outcomes) throws IOException {
        final StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text).useDefaultPrettyPrinter()) {
            json.writeStartArray();
            for (final PlantHunt.Outcome outcome : outcomes) {
                json.writeStartObject();
                json.writeStringField("plant", outcome.plant().label());
                json.writeStringField("bug", outcome.plant().text());
                json.writeBooleanField("caught", outcome.isCaught());
                json.writeNumberField("histories", outcome.histories());
                if (outcome.isCaught()) {
                    json.writeNumberField("seed", outcome.seed());
                    json.writeStringField("drive", outcome.drive().label());
                    json.writeStringField("message", outcome.message());
                }
                json.writeEndObject();
            }
            json.writeEndArray();
        }
        return text.toString();
    }

    String json() throws IOException {
        final StringWriter text = new StringWriter();
        try (JsonGenerator json = new JsonFactory().createGenerator(text).useDefaultPrettyPrinter()) {
            json.writeStartObject();
            json.writeStringField("commit", Commit.current());
            json.writeNumberField("from", plan.from());
            json.writeNumberField("seconds", seconds);
            json.writeNumberField("histories", figures.histories);
            json.writeNumberField("historiesPerSecond", figures.histories / seconds);
            json.writeNumberField("crashHistories", figures.crashHistories);
            json.writeNumberField("operations", figures.steps);
            json.writeNumberField("crashes", figures.crashes);
            json.writeNumberField("powerCuts", figures.powerCuts);
            json.writeNumberField("recoveries", figures.recoveries);
            json.writeNumberField("openings", figures.openings);
            json.writeNumberField("openingsFromCheckpoint", figures.fromCheckpoint);
            json.writeNumberField("zonesCollected", figures.zonesCollected);
            json.writeNumberField("faults", figures.faults);
            json.writeNumberField("failedEnds", figures.failedEnds);
            json.writeNumberField("refusedReads", figures.refusedReads);
            json.writeObjectFieldStart("crashesByPhase");
            for (final CrashPhase phase : CrashPhase.values()) {
                json.writeNumberField(phase.name().toLowerCase(Locale.ROOT), figures.crashesIn(phase));
            }
            json.writeEndObject();
            json.writeArrayFieldStart("violations");
            for (final Campaign.Violation violation : violations) {
                json.writeStartObject();
                json.writeNumberField("seed", violation.seed());
                json.writeStringField("drive", violation.drive().label());
                json.writeStringField("message", violation.error().getMessage());
                json.writeStringField("again", violation.reproduction(plan.steps()));
                json.writeEndObject();
            }
            json.writeEndArray();
            json.writeEndObject();
        }
        return text.toString();
    }
}
