/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.peer;

import dev.zapkv.Durability;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;
import org.rocksdb.Options;
import org.rocksdb.ReadOptions;
import org.rocksdb.RocksDB;
import org.rocksdb.RocksDBException;
import org.rocksdb.WriteOptions;

/// RocksDB through its own Java binding, with byte arrays: for values of this size its direct buffers gain nothing.
/// Settings: see {@link RocksSettings}.
final class RocksEngine implements KvEngine {
    private static final long SETTLE_LIMIT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long SETTLE_POLL_NS = TimeUnit.MILLISECONDS.toNanos(10);
    private static final String[] BACKGROUND_WORK = {
        "rocksdb.num-running-flushes",
        "rocksdb.num-running-compactions",
        "rocksdb.mem-table-flush-pending",
        "rocksdb.compaction-pending"
    };

    private final RocksDB database;
    private final RocksSettings settings;
    private final ReadOptions readOptions;
    private final WriteOptions writeOptions;

    private RocksEngine(final RocksDB database, final RocksSettings settings, final WriteOptions writeOptions) {
        this.database = database;
        this.settings = settings;
        this.writeOptions = writeOptions;
        this.readOptions = new ReadOptions();
    }

    static RocksEngine open(final EngineConfig config, final boolean blobFiles) {
        RocksDB.loadLibrary();
        final RocksSettings settings = new RocksSettings(config, blobFiles);
        try {
            final Options options = settings.options();
            final RocksDB database = RocksDB.open(options, config.directory().toString());
            return new RocksEngine(
                    database, settings, new WriteOptions().setSync(config.durability() != Durability.PROCESS));
        } catch (final RocksDBException e) {
            settings.close();
            throw new EngineException("RocksDB cannot open " + config.directory(), e);
        }
    }

    @Override
    public int read(final byte[] key, final byte[] target) {
        try {
            final int length = database.get(readOptions, key, target);
            return length == RocksDB.NOT_FOUND ? -1 : length;
        } catch (final RocksDBException e) {
            throw new EngineException("RocksDB cannot read", e);
        }
    }

    @Override
    public void insert(final byte[] key, final byte[] value) {
        update(key, value);
    }

    @Override
    public void update(final byte[] key, final byte[] value) {
        try {
            database.put(writeOptions, key, value);
        } catch (final RocksDBException e) {
            throw new EngineException("RocksDB cannot write", e);
        }
    }

    /// Waits until no flush or compaction runs or is due. The active memtable stays where it is.
    @Override
    public void settle() {
        final long start = System.nanoTime();
        try {
            while (busy() && System.nanoTime() - start < SETTLE_LIMIT_NS) {
                LockSupport.parkNanos(SETTLE_POLL_NS);
            }
        } catch (final RocksDBException e) {
            throw new EngineException("RocksDB cannot tell whether it is at rest", e);
        }
    }

    private boolean busy() throws RocksDBException {
        for (final String property : BACKGROUND_WORK) {
            if (database.getLongProperty(property) != 0) {
                return true;
            }
        }
        return false;
    }

    /// RocksDB counts bytes only with statistics on, which cost time in every call; the kernel's count is used instead.
    @Override
    public long deviceBytesWritten() {
        return -1;
    }

    @Override
    public String version() {
        return "rocksdbjni " + RocksDB.rocksdbVersion();
    }

    @Override
    public void close() {
        try {
            database.closeE();
        } catch (final RocksDBException e) {
            throw new EngineException("RocksDB cannot close", e);
        } finally {
            readOptions.close();
            writeOptions.close();
            settings.close();
        }
    }
}
