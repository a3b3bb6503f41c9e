/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.peer;

import dev.zapkv.Context;
import dev.zapkv.StoreStats;
import dev.zapkv.ZapKv;
import dev.zapkv.io.DeviceCounters;
import java.util.Objects;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.locks.LockSupport;

/// ZapKV on a directory, with its default settings but for the memory budget and the level of durability.
final class ZapKvEngine implements KvEngine {
    private static final long SETTLE_LIMIT_NS = TimeUnit.SECONDS.toNanos(60);
    private static final long REST_NS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final long SETTLE_POLL_NS = TimeUnit.MILLISECONDS.toNanos(10);

    private final ZapKv store;
    private final boolean onDrive;

    private ZapKvEngine(final ZapKv store, final boolean onDrive) {
        this.store = store;
        this.onDrive = onDrive;
    }

    static ZapKvEngine open(final EngineConfig config) {
        if (config.drive() != null) {
            ZapKv.format(context(config), true);
        }
        return new ZapKvEngine(ZapKv.open(context(config)), config.drive() != null);
    }

    private static Context context(final EngineConfig config) {
        final Context context = place(config).memoryBytes(config.memoryBytes()).durability(config.durability());
        if (config.sharedMemory() != null) {
            context.stagingDirectory(config.sharedMemory());
        }
        return context;
    }

    private static Context place(final EngineConfig config) {
        final Drive drive = config.drive();
        return drive == null
                ? new Context().directory(config.directory())
                : new Context().location(drive.location()).zones(drive.zones());
    }

    @Override
    public int read(final byte[] key, final byte[] target) {
        return store.get(key, target);
    }

    @Override
    public void insert(final byte[] key, final byte[] value) {
        store.put(key, value);
    }

    @Override
    public void update(final byte[] key, final byte[] value) {
        store.put(key, value);
    }

    /// Waits until nothing has been appended for a while, for writers, by garbage collection or as metadata.
    @Override
    public void settle() {
        final long start = System.nanoTime();
        long appended = deviceBytesWritten();
        long unchangedSince = start;
        while (System.nanoTime() - unchangedSince < REST_NS && System.nanoTime() - start < SETTLE_LIMIT_NS) {
            LockSupport.parkNanos(SETTLE_POLL_NS);
            final long now = deviceBytesWritten();
            if (now != appended) {
                appended = now;
                unchangedSince = System.nanoTime();
            }
        }
    }

    @Override
    public long deviceBytesWritten() {
        final StoreStats stats = store.stats();
        return stats.hostBytesAppended() + stats.relocatedBytes() + stats.metadataBytes() + stats.checkpointBytes();
    }

    @Override
    public long driveBytesUsed() {
        return onDrive ? store.stats().deviceBytesUsed() : -1;
    }

    @Override
    public DeviceCounters deviceCounters() {
        return store.stats().device();
    }

    @Override
    public String opening() {
        return store.stats().recovery();
    }

    @Override
    public String version() {
        return "zapkv "
                + Objects.requireNonNullElse(ZapKv.class.getPackage().getImplementationVersion(), "development");
    }

    @Override
    public void close() {
        store.close();
    }
}
