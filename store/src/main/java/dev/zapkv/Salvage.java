/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import dev.zapkv.io.DeviceException;
import dev.zapkv.store.salvage.DeviceZones;
import dev.zapkv.store.salvage.DirectoryZones;
import dev.zapkv.store.salvage.SalvageRun;
import dev.zapkv.store.salvage.SourceZones;
import java.nio.file.Path;
import java.util.Objects;

/// Gets out of the zones of a store what can be got without its metadata: for stores that cannot be
/// opened any more
/// because both metadata zones are destroyed, or because metadata is damaged, outdated, or of another
/// version.
///
/// {@snippet :
/// try (Salvage salvage = Salvage.of(new Context().directory(Path.of("damaged")));
///         ZapKv target = ZapKv.open(Path.of("salvaged"))) {
///     SalvageReport report = salvage.into(target);
/// }
/// }
///
/// Nothing is written to the source. (A drive's zones that were left open are closed, as whenever a
/// drive is opened.)
/// All zones are read three times. Of each key the record with the highest log position counts; see
/// {@link SalvageReport#unknown} for what nobody can know without metadata.
///
/// *Memory*: about 24 bytes off the heap for each key and each chunk of a large value, deleted ones
/// included, bounded
/// by
/// {@link Context#memoryBytes}; on the heap the largest value, and about 100 bytes for each large value.
///
/// One thread at a time; {@link #status} may be called by any.
public final class Salvage implements AutoCloseable {
    private final Context context;
    private final SourceZones source;
    private String store;
    private Path staging;
    private boolean force;
    private SalvageRun run;

    private Salvage(final Context context, final SourceZones source) {
        this.context = context;
        this.source = source;
    }

    /// How far a salvage is.
    ///
    /// @param phase      what it does
    /// @param bytesRead  bytes read in this phase
    /// @param bytesTotal bytes to read in this phase
    /// @param keys       keys handed out so far
    public record Status(String phase, long bytesRead, long bytesTotal, long keys) {}

    /// Looks at a source: a directory, a drive or a device, and its zones.
    ///
    /// @param source location, zones, memory, and where staging files may be; used once
    /// @throws FormatException      if there are no zones
    /// @throws StoreLockedException if the store is open
    public static Salvage of(final Context source) {
        JvmFlags.check();
        source.use();
        try {
            final Path directory = source.directoryPath();
            return new Salvage(
                    source,
                    source.device() == null && directory != null
                            ? DirectoryZones.open(directory)
                            : new DeviceZones(source.device() == null ? source.openDrive() : source.device()));
        } catch (final DeviceException e) {
            throw e.errno() == DeviceException.ENOENT ? new FormatException(e.getMessage(), e) : source.translate(e);
        }
    }

    /// Which store to salvage, if blocks of several are there.
    ///
    /// @param id identity, 32 hexadecimal digits
    public Salvage store(final String id) {
        store = Objects.requireNonNull(id, "id");
        return this;
    }

    /// The staging file that a killed process left behind. Default: it is looked for in shared memory,
    /// in the source's
    /// directory, and where the metadata says, if there is any.
    public Salvage staging(final Path path) {
        staging = Objects.requireNonNull(path, "path");
        return this;
    }

    /// Whether to salvage a store, too, whose metadata can be read and is not outdated.
    public Salvage force(final boolean value) {
        force = value;
        return this;
    }

    /// Reads all zones and finds out whose blocks lie there. Done by the other methods if it was not
    /// before.
    ///
    /// @return length of the store's blocks in bytes: what a target should be made with; 0 if no block
    ///         told
    /// @throws FormatException if there is no store or a choice between several; if it is one that can
    ///                         be opened,
    ///                         or one that this version cannot read
    public int survey() {
        if (run == null) {
            run = new SalvageRun(
                    source,
                    context.name(),
                    context.memory(),
                    context.stagingCandidates(),
                    context.randomSeed(),
                    context.nanoClock());
            run.survey(store, staging, force);
        }
        return run.blockBytes();
    }

    /// Reads all zones and hands out each key with its newest value, in no particular order. Done once.
    ///
    /// @throws StoreFullException if the keys do not fit the memory
    public SalvageReport extract(final EntryConsumer consumer) {
        Objects.requireNonNull(consumer, "consumer");
        survey();
        return run.extract(consumer);
    }

    /// What {@link #into} would find.
    public SalvageReport examine() {
        return extract((key, value) -> {});
    }

    /// Puts everything into a store, and flushes it.
    ///
    /// @param target without keys
    /// @throws ConfigurationException if the target has keys, or a value does not fit it
    /// @throws StoreFullException     if it gets full: what was put before is there
    public SalvageReport into(final ZapKv target) {
        if (target.count() != 0) {
            throw new ConfigurationException("the target of a salvage must be a store without keys, this one has "
                    + target.count() + ": name another one");
        }
        final WriteOptions level = WriteOptions.PROCESS;
        final SalvageReport report = extract((key, value) -> {
            if (key.length > target.maxKeyBytes() || value.length > target.maxValueBytes()) {
                throw new ConfigurationException("a value of " + value.length + " bytes under a key of " + key.length
                        + " does not fit the target, which takes values of " + target.maxValueBytes()
                        + " and keys of " + target.maxKeyBytes() + " bytes: make it with larger zones and blocks");
            }
            target.put(key, value, level);
        });
        target.flush();
        return report;
    }

    /// How far it is.
    public Status status() {
        final SalvageRun present = run;
        return present == null ? new Status("survey", 0, 0, 0) : present.status();
    }

    /// Releases the source.
    @Override
    public void close() {
        if (run != null) {
            run.close();
        }
        source.close();
    }
}
