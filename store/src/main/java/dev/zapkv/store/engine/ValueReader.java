/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.engine;

import dev.zapkv.CorruptionException;
import dev.zapkv.store.format.ChunkKey;
import dev.zapkv.store.format.LargeHead;
import dev.zapkv.store.index.KeyHash;
import dev.zapkv.store.log.HashDomain;
import dev.zapkv.store.read.ReadContext;
import dev.zapkv.store.read.RecordReader;

/// Reads values, whether they lie in one record or in chunks. Thread-safe.
final class ValueReader {
    private final RecordReader reader;
    private final KeyHash hash;

    ValueReader(final RecordReader reader, final KeyHash hash) {
        this.reader = reader;
        this.hash = hash;
    }

    /// The value of a key, or null.
    byte[] get(final byte[] key) {
        LargeHead incomplete = null;
        while (true) {
            final ReadContext found = read(key, false, null, 0);
            if (found == null) {
                return null;
            }
            if (!found.isLarge()) {
                return found.value();
            }
            final LargeHead head = LargeHeads.decode(found.value());
            if (head.equals(incomplete)) {
                // An overwrite replaces the head before it drops the chunks: these were lost.
                throw new CorruptionException("a part of a large value of " + head.totalLength()
                        + " bytes is missing on the device: restore the key from a backup");
            }
            final byte[] value = new byte[(int) head.totalLength()];
            if (readChunks(head, value)) {
                return value;
            }
            incomplete = head;
        }
    }

    /// Copies the value of a key as far as it fits; its whole length, or -1.
    int get(final byte[] key, final byte[] into) {
        final ReadContext found = read(key, false, into, 0);
        if (found == null) {
            return -1;
        }
        if (!found.isLarge()) {
            return found.valueLength();
        }
        final byte[] value = get(key);
        if (value == null) {
            return -1;
        }
        System.arraycopy(value, 0, into, 0, Math.min(value.length, into.length));
        return value.length;
    }

    private ReadContext read(final byte[] key, final boolean chunk, final byte[] into, final int at) {
        return reader.read(
                key,
                HashDomain.of(hash.fingerprint(key, 0, key.length), chunk),
                hash.location(key, 0, key.length),
                chunk,
                into,
                at);
    }

    /// Reads all chunks; false if one is gone because the value was overwritten meanwhile.
    private boolean readChunks(final LargeHead head, final byte[] value) {
        final byte[] key = new byte[ChunkKey.LENGTH];
        for (int i = 0; i < head.chunkCount(); i++) {
            ChunkKey.set(key, head.chunkSet(), i);
            final ReadContext chunk = read(key, true, value, i * head.chunkLength());
            if (chunk == null) {
                return false;
            }
            if (chunk.valueLength() != head.lengthOfChunk(i)) {
                throw new CorruptionException("chunk " + i + " of a large value has " + chunk.valueLength()
                        + " bytes instead of " + head.lengthOfChunk(i) + ": restore the key from a backup");
            }
        }
        return true;
    }
}
