/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.verify;

import dev.zapkv.Finding;
import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.format.RecordFormat;
import dev.zapkv.store.index.IndexEntry;
import dev.zapkv.store.log.HashDomain;
import java.util.List;

/// Whether every value in chunks is whole.
final class LargeValueCheck {
    private final VerifyInput input;
    private final LogTruth truth;
    private final Findings findings;
    private long whole;
    private long chunks;

    LargeValueCheck(final VerifyInput input, final LogTruth truth, final Findings findings) {
        this.input = input;
        this.truth = truth;
        this.findings = findings;
    }

    void run() {
        for (final LogTruth.Head found : truth.heads()) {
            check(found);
        }
    }

    private void check(final LogTruth.Head found) {
        final LargeHead head = found.head();
        final byte[] key = new byte[ChunkKey.LENGTH];
        long absent = 0;
        long bad = 0;
        for (int i = 0; i < head.chunkCount(); i++) {
            ChunkKey.set(key, head.chunkSet(), i);
            final long entry = input.index()
                    .get(
                            HashDomain.of(input.hash().fingerprint(key, 0, key.length), true),
                            input.hash().location(key, 0, key.length));
            chunks += entry == 0 ? 0 : 1;
            if (entry == 0) {
                absent++;
            } else if (!hasLength(entry, head.lengthOfChunk(i))
                    || (truth.isComplete() && (truth.ofChunk(key) & LogTruth.INDEXED) == 0)) {
                bad++;
            }
        }
        if (absent + bad == 0) {
            whole++;
            return;
        }
        findings.add(new Finding(
                Finding.Kind.LARGE_VALUE,
                true,
                found.zone(),
                found.offset(),
                0,
                0,
                1,
                List.of(found.key()),
                "of the " + head.chunkCount() + " chunks of a value of " + head.totalLength() + " bytes " + absent
                        + " are missing and " + bad + " are damaged",
                Findings.RESTORE));
    }

    private static boolean hasLength(final long entry, final int value) {
        final int length = RecordFormat.length(ChunkKey.LENGTH, value);
        return IndexEntry.isChunk(entry)
                && (IndexEntry.lengthBytes(entry) == RecordFormat.align(length)
                        || IndexEntry.lengthBytes(entry) == RecordFormat.align(length + RecordFormat.ORIGIN_LENGTH));
    }

    /// Says if there are chunks of no value.
    ///
    /// @param inIndex chunks in the index
    void conclude(final long inIndex) {
        if (inIndex > chunks) {
            findings.add(
                    Finding.Kind.LARGE_VALUE,
                    false,
                    Finding.NO_ZONE,
                    0,
                    0,
                    inIndex - chunks,
                    "chunks belong to no value: they take room until the store is opened without a checkpoint",
                    "nothing is lost; nothing need be done");
        }
    }

    long whole() {
        return whole;
    }

    long chunks() {
        return chunks;
    }
}
