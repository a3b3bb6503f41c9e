/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.salvage;

import dev.zapkv.FormatException;
import dev.zapkv.store.meta.MetadataSearch;
import dev.zapkv.store.meta.StoreId;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/// The first reading: which stores left blocks here, and what these say of them.
final class Survey {
    // Each takes memory; nobody has so many.
    private static final int MAX_STORES = 256;

    private final Map<StoreId, StoreTraces> stores = new LinkedHashMap<>();

    /// @param metadata that lies elsewhere, or null
    void run(final BlockScan scan, final MetadataSearch.Found metadata) {
        if (metadata != null) {
            stores.computeIfAbsent(metadata.storeId(), StoreTraces::new).add(metadata.image(), metadata.sequence());
        }
        scan.visit(block -> {
            final StoreId id = block.storeId();
            if (stores.containsKey(id) || stores.size() < MAX_STORES) {
                stores.computeIfAbsent(id, StoreTraces::new).add(block);
            }
        });
    }

    /// All stores that left blocks.
    List<StoreTraces> stores() {
        return List.copyOf(stores.values());
    }

    /// The store to salvage.
    ///
    /// @param wanted its identity, or null if there is but one
    /// @throws FormatException if it is not there, there are several, or it cannot be read
    StoreTraces choose(final String name, final String wanted) {
        if (stores.isEmpty()) {
            throw new FormatException(
                    "no block of a ZapKV store was found on " + name + ": it holds something else, or was erased");
        }
        final List<StoreTraces> candidates = stores.values().stream()
                .filter(store -> wanted == null ? store.dataBlocks() + store.newerBlocks() > 0 : isNamed(store, wanted))
                .toList();
        if (candidates.size() > 1 || (candidates.isEmpty() && (wanted != null || stores.size() > 1))) {
            throw new FormatException((wanted == null
                            ? "blocks of several stores were found"
                            : "no block of store " + wanted + " was found")
                    + " on " + name + ": " + list() + ". Say which one is wanted (--store ID, Salvage.store)");
        }
        final StoreTraces chosen = candidates.isEmpty() ? stores().getFirst() : candidates.getFirst();
        if (chosen.newerBlocks() > 0) {
            throw new FormatException(chosen.newerBlocks() + " blocks of store " + chosen.id() + " on " + name
                    + " have a format version that this version of ZapKV cannot read: salvage them with the version"
                    + " that wrote them");
        }
        return chosen;
    }

    private static boolean isNamed(final StoreTraces store, final String wanted) {
        return store.id().toString().equals(wanted);
    }

    private String list() {
        final StringBuilder list = new StringBuilder();
        for (final StoreTraces store : stores.values()) {
            list.append(list.isEmpty() ? "" : ", ")
                    .append(store.id())
                    .append(" (")
                    .append(store.dataBlocks() + store.newerBlocks())
                    .append(" blocks)");
        }
        return list.toString();
    }
}
