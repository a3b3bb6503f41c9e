/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.salvage;

import dev.zapkv.FormatException;
import dev.zapkv.ZapKvException;
import dev.zapkv.store.log.StagingCopy;
import java.lang.foreign.Arena;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;

/// Finds the staging file that the last life of a store left behind.
final class StagingSearch {
    private final List<Path> directories;
    private final List<String> problems = new ArrayList<>();

    StagingSearch(final List<Path> directories) {
        this.directories = List.copyOf(directories);
    }

    /// The staging file of the last life, or null.
    StagingCopy find(final StoreTraces store, final Arena arena) {
        StagingCopy newest = null;
        for (final Path path : candidates(store)) {
            try {
                final StagingCopy copy = StagingCopy.read(path, arena);
                if (!isOfLastLife(copy, store)) {
                    problems.add(path + " is not of the store's last life and was not used");
                } else if (newest == null || copy.epoch() > newest.epoch()) {
                    newest = copy;
                }
            } catch (final ZapKvException e) {
                problems.add(e.getMessage());
            }
        }
        return newest;
    }

    private Set<Path> candidates(final StoreTraces store) {
        final Set<Path> paths = new LinkedHashSet<>();
        for (final Path directory : directories) {
            paths.addAll(StagingCopy.find(directory, store.id()));
        }
        if (store.image() != null && !store.image().staging().isEmpty()) {
            try {
                final Path named = store.image().stagingPath();
                if (Files.isReadable(named)) {
                    paths.add(named);
                }
            } catch (final FormatException e) {
                problems.add(e.getMessage());
            }
        }
        return paths;
    }

    /// A staging file that was named.
    ///
    /// @throws FormatException if it is not of this store's last life
    StagingCopy use(final Path path, final StoreTraces store, final Arena arena) {
        final StagingCopy copy = StagingCopy.read(path, arena);
        if (!isOfLastLife(copy, store)) {
            throw new FormatException(path + " is of store " + copy.storeId() + ", life " + copy.epoch()
                    + ", but the store to salvage is " + store.id() + ", whose last life was " + store.highestEpoch()
                    + ": name the right file, or leave it out");
        }
        return copy;
    }

    /// Block numbers of an earlier life may have been given again since.
    private static boolean isOfLastLife(final StagingCopy copy, final StoreTraces store) {
        return copy.storeId().equals(store.id()) && copy.epoch() >= store.highestEpoch();
    }

    List<String> problems() {
        return problems;
    }
}
