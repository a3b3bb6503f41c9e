/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import java.util.Arrays;
import java.util.List;
import java.util.Locale;
import java.util.stream.Collectors;

/// A bug to be planted, and found by the simulation: a change of one source file. The sources themselves stay as they
/// are; {@link PlantedClasses} compiles a changed copy.
enum Plant {
    SKIP_FLUSH_BEFORE_RESET(
            "a zone is emptied before what was relocated is flushed",
            "store/src/main/java/dev/zapkv/store/engine/GcHost.java",
            new Edit(
                    "return append.flushed() >= block && !append.flushRequired();",
                    "return append.frontier() >= block;")),
    APPLY_OUT_OF_ORDER(
            "blocks are applied as they arrive, not in their order",
            "store/src/main/java/dev/zapkv/store/log/AppendAgent.java",
            new Edit("while (block < appends.next() && pending.isCompleted(block) && !pending.isHeld(block)) {", """
                    while (block < appends.next()) {
                        if (!pending.isCompleted(block) || pending.isHeld(block)) {
                            block++;
                            continue;
                        }
                    """)),
    ACKNOWLEDGE_EARLY(
            "a flushed write is acknowledged when it has reached the device",
            "store/src/main/java/dev/zapkv/store/engine/IoAgent.java",
            new Edit(
                    "while ((flush ? append.flushed() : append.frontier()) < block) {",
                    "while (append.frontier() < block) {")),
    ACKNOWLEDGE_FAILED_FLUSH(
            "a flush that failed counts",
            "store/src/main/java/dev/zapkv/store/log/LogFlushes.java",
            new Edit("if (result < 0) {", "if (result > 0) {")),
    SETTLE_EARLY(
            "metadata calls blocks settled that are only on the device",
            "store/src/main/java/dev/zapkv/store/engine/StoreMetadata.java",
            new Edit(
                    "Math.max(image.settledBlock(), append.flushed())",
                    "Math.max(image.settledBlock(), append.frontier())")),
    DROP_TOMBSTONE_EARLY(
            "garbage collection drops every tombstone",
            "compaction/src/main/java/dev/zapkv/compaction/ZoneCollection.java",
            new Edit(
                    "? entry == 0 && RecordFormat.logPosition(memory, recordAt) >= zones.lowestHorizonExcept(zone)",
                    "? false")),
    SKIP_CHECKSUM_ON_READ(
            "what is read is not verified",
            "store/src/main/java/dev/zapkv/store/read/ReadContext.java",
            new Edit("return RecordFormat.invalidReason(scratch, scratchView, 0, length, crc);", "return null;")),
    SPREAD_DAMAGE(
            "garbage collection copies what it has not verified",
            "compaction/src/main/java/dev/zapkv/compaction/ZoneCollection.java",
            new Edit("&& BlockFormat.isPayloadValid(memory, view, at, crc);", ";"),
            new Edit("RecordFormat.invalidReason(memory, view, recordAt, recordsEnd, crc);", """
                    RecordFormat.length(memory, recordAt) < RecordFormat.HEADER_LENGTH
                                    || recordAt + RecordFormat.length(memory, recordAt) > recordsEnd
                            ? "length"
                            : null;
                    """)),
    RESET_BEFORE_GENERATION(
            "a zone is emptied without a durable note of its next generation",
            "store/src/main/java/dev/zapkv/store/engine/StoreMetadata.java",
            new Edit("append(current(zone, false, image.checkpoints()));", "")),
    IGNORE_BLOCK_GENERATION(
            "recovery takes blocks of a zone's earlier lives",
            "store/src/main/java/dev/zapkv/store/recovery/ZoneScan.java",
            new Edit("if (BlockFormat.zoneGeneration(memory, offset) != generation) {", "if (false) {")),
    IGNORE_ENTRY_GENERATION(
            "entries of a checkpoint count though their zone was emptied",
            "store/src/main/java/dev/zapkv/store/checkpoint/CheckpointLoader.java",
            new Edit("note.generation() == image.generation(note.zone()) && isReadable", "isReadable")),
    COMMIT_CHECKPOINT_EARLY(
            "a checkpoint counts before the log behind it is flushed",
            "store/src/main/java/dev/zapkv/store/checkpoint/CheckpointWriter.java",
            new Edit(
                    "if (isInTheWay() || append.flushed() < dump.lastBlock() || append.flushRequired()) {",
                    "if (isInTheWay()) {")),
    FORGET_VOIDS(
            "blocks that did not count once count later",
            "store/src/main/java/dev/zapkv/store/recovery/CountingRules.java",
            new Edit("voidSeen[i] = true;\n                return true;", "voidSeen[i] = true;")),
    REPLAY_BEHIND_GAP(
            "blocks behind a missing one count",
            "store/src/main/java/dev/zapkv/store/recovery/Replay.java",
            new Edit(": !gapsMayBeLosses) {", ": false) {")),
    TORN_BATCH(
            "parts of a batch count without its beginning",
            "store/src/main/java/dev/zapkv/store/recovery/StagingReplay.java",
            new Edit("(flags & RecordFormat.FLAG_BATCH_PART) != 0 && !adjacent;", "false;")),
    SETTLE_STAGED(
            "an opening calls blocks settled that are only in staging",
            "store/src/main/java/dev/zapkv/store/engine/StoreOpening.java",
            new Edit(
                    "voids, settled, stagingFile.path());",
                    "voids, append.staging().lastClaimedBlock(), stagingFile.path());")),
    NUMBER_ANEW(
            "a store begins with image 1 on zones that held another",
            "store/src/main/java/dev/zapkv/store/engine/StoreMaker.java",
            new Edit("number = MetadataSearch.highestNumber(device);", "number = 0;"));

    private final String text;
    private final String file;

    @SuppressWarnings("ImmutableEnumChecker") // List.of is
    private final List<Edit> edits;

    /// What is replaced, and by what.
    private record Edit(String original, String replacement) {}

    Plant(final String text, final String file, final Edit... edits) {
        this.text = text;
        this.file = file;
        this.edits = List.of(edits);
    }

    /// As it is named on the command line.
    String label() {
        return name().toLowerCase(Locale.ROOT).replace('_', '-');
    }

    /// One line on it.
    String text() {
        return text;
    }

    /// The source file, below the root of the sources.
    String file() {
        return file;
    }

    /// The source with the bug.
    ///
    /// @throws IllegalStateException if the source has changed so that nobody knows any more what to replace
    String applyTo(final String source) {
        String changed = source;
        for (final Edit edit : edits) {
            final int at = changed.indexOf(edit.original());
            if (at < 0 || changed.indexOf(edit.original(), at + 1) >= 0) {
                throw new IllegalStateException("the plant " + label() + " needs the text '" + edit.original()
                        + "' exactly once in " + file + ": adapt it to the source");
            }
            changed = changed.replace(edit.original(), edit.replacement());
        }
        return changed;
    }

    /// The plant of a name on the command line.
    static Plant named(final String label) {
        return Arrays.stream(values())
                .filter(plant -> plant.label().equals(label))
                .findFirst()
                .orElseThrow(() -> new IllegalArgumentException("there is no plant '" + label + "', but all, "
                        + Arrays.stream(values()).map(Plant::label).collect(Collectors.joining(", "))));
    }
}
