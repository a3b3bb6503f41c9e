/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.bench.peer.KvEngine;
import java.nio.charset.StandardCharsets;
import java.util.HashMap;
import java.util.Map;
import java.util.Set;
import java.util.Vector;
import java.util.function.LongSupplier;
import site.ycsb.ByteArrayByteIterator;
import site.ycsb.ByteIterator;
import site.ycsb.DB;
import site.ycsb.Status;

/// YCSB's view of an engine, one instance per thread. A record has one field, so its value is exactly the field's
/// bytes and a read returns all that a write stored. Keeps the time of the first call's start and the last call's
/// end of one transaction: making the value and boxing it for YCSB are outside, the engine's calls and their copies
/// are inside.
final class EngineDb extends DB {
    private static final String FIELD = "field0";

    private final KvEngine engine;
    private final LongSupplier clock;
    private final byte[] written;
    private final byte[] found;
    private long startNs;
    private long endNs;
    private long engineNs;
    private long userBytes;
    private long insertedBytes;
    private long errors;
    private String firstError = "";

    EngineDb(final KvEngine engine, final int valueSize, final LongSupplier clock) {
        this.engine = engine;
        this.clock = clock;
        this.written = new byte[valueSize];
        this.found = new byte[valueSize];
    }

    /// Before each transaction.
    void begin() {
        engineNs = 0;
    }

    /// Time spent in the transaction's calls to the engine.
    long engineNs() {
        return engineNs;
    }

    /// When the transaction's last call to the engine ended.
    long endNs() {
        return endNs;
    }

    /// Key and value bytes of all writes.
    long userBytes() {
        return userBytes;
    }

    /// Key and value bytes of inserted records.
    long insertedBytes() {
        return insertedBytes;
    }

    /// Calls that did not do what they should have.
    long errors() {
        return errors;
    }

    /// What the first of them was.
    String firstError() {
        return firstError;
    }

    @Override
    public Status read(
            final String table, final String key, final Set<String> fields, final Map<String, ByteIterator> result) {
        final byte[] keyBytes = bytes(key);
        start();
        final int length = engine.read(keyBytes, found);
        end();
        if (length < 0) {
            return error(Status.NOT_FOUND, "key not found: ", key);
        }
        if (length != found.length) {
            return error(Status.UNEXPECTED_STATE, "a value has not the length that was written: ", key);
        }
        result.put(FIELD, new ByteArrayByteIterator(found));
        return Status.OK;
    }

    @Override
    public Status update(final String table, final String key, final Map<String, ByteIterator> values) {
        final byte[] keyBytes = bytes(key);
        if (!fill(values)) {
            return error(Status.BAD_REQUEST, "YCSB made a value of another length: ", key);
        }
        start();
        engine.update(keyBytes, written);
        end();
        userBytes += keyBytes.length + written.length;
        return Status.OK;
    }

    @Override
    public Status insert(final String table, final String key, final Map<String, ByteIterator> values) {
        final byte[] keyBytes = bytes(key);
        if (!fill(values)) {
            return error(Status.BAD_REQUEST, "YCSB made a value of another length: ", key);
        }
        start();
        engine.insert(keyBytes, written);
        end();
        userBytes += keyBytes.length + written.length;
        insertedBytes += keyBytes.length + written.length;
        return Status.OK;
    }

    /// Not used by the workloads offered.
    @Override
    @SuppressWarnings("NonApiType") // YCSB declares the parameter so.
    public Status scan(
            final String table,
            final String startKey,
            final int recordCount,
            final Set<String> fields,
            final Vector<HashMap<String, ByteIterator>> result) {
        return error(Status.NOT_IMPLEMENTED, "scans are not supported: ", startKey);
    }

    /// Not used by the workloads offered.
    @Override
    public Status delete(final String table, final String key) {
        return error(Status.NOT_IMPLEMENTED, "deletes are not supported: ", key);
    }

    private static byte[] bytes(final String key) {
        return key.getBytes(StandardCharsets.ISO_8859_1);
    }

    private void start() {
        startNs = clock.getAsLong();
    }

    private void end() {
        endNs = clock.getAsLong();
        engineNs += endNs - startNs;
    }

    private boolean fill(final Map<String, ByteIterator> values) {
        final ByteIterator value = values.get(FIELD);
        return value != null && value.bytesLeft() == written.length && value.nextBuf(written, 0) == written.length;
    }

    private Status error(final Status status, final String message, final String key) {
        if (errors++ == 0) {
            firstError = message + key;
        }
        return status;
    }
}
