/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.store.engine.Engine;
import dev.zapkv.store.engine.OpenStore;
import dev.zapkv.store.engine.ReadOnlyStore;
import dev.zapkv.store.engine.Reads;
import dev.zapkv.store.engine.Store;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Objects;
import java.util.concurrent.CompletableFuture;
import java.util.function.Supplier;
import org.agrona.CloseHelper;

/// An embedded key-value store: log-structured, append-only, made for zoned storage and just as good on an ordinary
/// directory.
///
/// {@snippet :
/// try (ZapKv store = ZapKv.open(Path.of("data"))) {
///     store.put("hello".getBytes(UTF_8), "world".getBytes(UTF_8));
///     byte[] value = store.get("hello".getBytes(UTF_8));
/// }
/// }
///
/// *Keys* are 1 to 65,536 bytes, *values* 0 to {@link #maxValueBytes} bytes; both are copied, the arrays stay the
/// caller's. The order of keys is not kept.
///
/// *Threads.* All methods may be called by any number of threads, virtual ones included. Operations are linearisable
/// per key: once a put has returned every later get sees it or something newer. A store is open once: a second
/// opening, in this process or another, is refused. Only those who read alone ({@link Context#readOnly}) may
/// be many.
///
/// *Durability.* See {@link Durability}; a store has a default level, each write may name its own. A reader may see
/// a value before its writer's level is reached.
///
/// *Errors.* Bad arguments give {@link IllegalArgumentException} or {@link NullPointerException}; everything
/// else is
/// a {@link ZapKvException}. A failed device makes the store refuse writes with {@link StoreFailedException};
/// reads
/// go on. After {@link #close}, or while another thread closes, operations throw {@link StoreClosedException};
/// the
/// JVM never crashes. A store that was opened read-only refuses whatever would write with {@link
/// StoreReadOnlyException}.
public final class ZapKv implements AutoCloseable {
    private final Store store;
    private final Reads reads;
    private final int maxKeyLength;
    // Null if the store is read-only.
    private final OpenStore writable;
    private final AutoCloseable lock;
    private final AsyncWaiter asyncWaiter;

    private ZapKv(final Store store, final AutoCloseable lock) {
        this.store = store;
        this.lock = lock;
        reads = store.reads();
        maxKeyLength = reads.maxKeyLength();
        writable = store instanceof final OpenStore open ? open : null;
        asyncWaiter = writable == null ? null : new AsyncWaiter(writable);
    }

    /// Opens the store in a directory with default settings; makes one if the directory is missing or empty.
    public static ZapKv open(final Path directory) {
        return open(new Context().directory(directory));
    }

    /// Opens the store at a location with default settings, see {@link Location}. A drive must have been formatted.
    public static ZapKv open(final String location) {
        return open(new Context().location(Location.parse(location)));
    }

    /// Looks at a drive and its zones without changing anything, for instance before {@link #format}. Of a directory:
    /// what its file system can do, tried out on a store that is deleted again.
    ///
    /// @param context location, and its zones
    public static DriveSummary examine(final Context context) {
        if (!context.isDrive()) {
            return DirectoryProbe.run(context);
        }
        final Context.Concluded concluded = context.conclude();
        try (ZoneDevice device = concluded.engine().device()) {
            return DriveFormatter.examine(concluded.engine(), device);
        } catch (final DeviceException e) {
            throw context.translate(e);
        } finally {
            concluded.release();
        }
    }

    /// Makes an empty store on the zones of a drive. Everything in these zones is erased.
    ///
    /// @param context what to format and how; capacity and block size are fixed here
    /// @param erase   whether zones that hold anything may be erased
    /// @throws FormatException if they do and may not
    public static void format(final Context context, final boolean erase) {
        JvmFlags.check();
        final Context.Concluded concluded = context.conclude();
        try {
            DriveFormatter.format(concluded.engine(), erase);
        } catch (final DeviceException e) {
            throw context.translate(e);
        } finally {
            concluded.release();
        }
    }

    /// Opens a store.
    ///
    /// @param context what to open and how; it can be used for one opening only
    /// @throws ConfigurationException if a setting or the machine does not allow it
    /// @throws FormatException        if there is no store, or one that this version cannot read
    /// @throws StoreLockedException   if it is open elsewhere
    public static ZapKv open(final Context context) {
        JvmFlags.check();
        final Context.Concluded concluded = context.conclude();
        try {
            final Store store =
                    context.isReadOnly() ? ReadOnlyStore.open(concluded.engine()) : OpenStore.open(concluded.engine());
            return new ZapKv(store, concluded.lock());
        } catch (final DeviceException e) {
            final ZapKvException failure = context.translate(e);
            concluded.releaseAfter(failure);
            throw failure;
        } catch (final RuntimeException | Error e) {
            concluded.releaseAfter(e);
            throw e;
        }
    }

    // ---- reads

    /// The value of a key, or null if it has none.
    ///
    /// @return a new array, the caller's own
    /// @throws CorruptionException if the device's bytes are not what was written, or it cannot read them
    /// @throws ZoneLostException   if the device has taken the zone of the record offline
    public byte[] get(final byte[] key) {
        checkKey(key);
        try {
            return reads.get(key);
        } catch (final IllegalStateException | DeviceException | CorruptionException e) {
            throw afterClose(e);
        }
    }

    /// Copies the value of a key into an array, as much as fits. Allocates nothing for values that fit one append
    /// block.
    ///
    /// @return length of the whole value, or -1 if the key has none
    public int get(final byte[] key, final byte[] target) {
        checkKey(key);
        Objects.requireNonNull(target, "target");
        try {
            return reads.get(key, target);
        } catch (final IllegalStateException | DeviceException | CorruptionException e) {
            throw afterClose(e);
        }
    }

    /// Whether a key has a value. Answered by the index, without reading the record.
    public boolean contains(final byte[] key) {
        checkKey(key);
        try {
            return reads.contains(key);
        } catch (final IllegalStateException | DeviceException e) {
            throw afterClose(e);
        }
    }

    /// The values of several keys.
    ///
    /// @return values in the order of the keys; null elements for keys without one
    public List<byte[]> multiGet(final List<byte[]> keys) {
        final List<byte[]> values = new ArrayList<>(keys.size());
        for (final byte[] key : keys) {
            values.add(get(key));
        }
        return values;
    }

    /// Visits every entry once, in no particular order. Writes may go on meanwhile: a key that is there all the time
    /// is seen once, with a value it had in that time; keys that come or go may or may not be seen.
    ///
    /// @throws ZoneLostException   after all others were visited, if entries are lost with a zone
    /// @throws CorruptionException likewise, if entries are damaged
    public void forEach(final EntryConsumer consumer) {
        Objects.requireNonNull(consumer, "consumer");
        checkOpen();
        try {
            store.forEach(consumer);
        } catch (final IllegalStateException | DeviceException e) {
            throw afterClose(e);
        }
    }

    /// Number of keys with a value. Exact while nobody writes.
    public long count() {
        return whileOpen(reads::count);
    }

    // ---- writes

    /// Stores a value at the store's default level.
    public void put(final byte[] key, final byte[] value) {
        put(key, value, WriteOptions.DEFAULT);
    }

    /// Stores a value. Waits while staging is full (back-pressure), and as its level asks.
    ///
    /// @throws IllegalArgumentException if key or value are too long
    /// @throws StoreFullException       if there is no room; nothing was changed
    /// @throws StoreFailedException     if the device failed; whether the value survives is not known
    public void put(final byte[] key, final byte[] value, final WriteOptions options) {
        checkKey(key);
        checkValue(value);
        final Engine engine = writing("put");
        try {
            engine.await(engine.put(key, value), options.durabilityOr(writable.durability()));
        } catch (final IllegalStateException | DeviceException e) {
            throw afterClose(e);
        }
    }

    /// Lends memory for one large value, to be filled and put without a copy.
    ///
    /// @param length of the value
    /// @throws IllegalArgumentException if it is longer than a value or all leases together may be
    /// @throws LeaseLimitException      if open leases hold what is needed
    public LargeValue lease(final long length) {
        checkOpen();
        final Engine engine = writing("lease");
        if (length < 1 || length > store.maxValueBytes()) {
            throw new IllegalArgumentException(
                    "length=" + length + " of a lease is not in [1, " + store.maxValueBytes() + "]");
        }
        try {
            return new LargeValue(engine.lease(length));
        } catch (final IllegalStateException | DeviceException e) {
            throw afterClose(e);
        }
    }

    /// Stores a value from leased memory at the store's default level.
    public void put(final byte[] key, final LargeValue value) {
        put(key, value, WriteOptions.DEFAULT);
    }

    /// Stores a value from leased memory, which is the store's again with this call.
    ///
    /// @param value leased from this store; used up by this call
    /// @throws IllegalStateException if it was put or closed before, or something still uses its memory
    /// @throws StoreFullException    if there is no room; nothing was changed
    /// @throws StoreFailedException  if the device failed; whether the value survives is not known
    public void put(final byte[] key, final LargeValue value, final WriteOptions options) {
        checkKey(key);
        Objects.requireNonNull(value, "value");
        final Engine engine = writing("put");
        if (!engine.owns(value.lease())) {
            throw new IllegalArgumentException("the value was leased from another store");
        }
        try {
            engine.await(engine.put(key, value.lease()), options.durabilityOr(writable.durability()));
        } catch (final IllegalStateException | DeviceException e) {
            throw afterClose(e);
        }
    }

    /// Deletes a key at the store's default level.
    ///
    /// @return whether it had a value
    public boolean delete(final byte[] key) {
        return delete(key, WriteOptions.DEFAULT);
    }

    /// Deletes a key.
    ///
    /// @return whether it had a value
    public boolean delete(final byte[] key, final WriteOptions options) {
        checkKey(key);
        final Engine engine = writing("delete");
        try {
            final long block = engine.delete(key);
            engine.await(block < 0 ? -block - 1 : block, options.durabilityOr(writable.durability()));
            return block >= 0;
        } catch (final IllegalStateException | DeviceException e) {
            throw afterClose(e);
        }
    }

    /// Stores a value at the store's default level without waiting for it.
    public CompletableFuture<Void> putAsync(final byte[] key, final byte[] value) {
        return putAsync(key, value, WriteOptions.DEFAULT);
    }

    /// Stores a value; it is visible when this returns, and the future completes when its level is reached.
    /// Arguments are checked, and back-pressure is felt, in the call itself.
    public CompletableFuture<Void> putAsync(final byte[] key, final byte[] value, final WriteOptions options) {
        checkKey(key);
        checkValue(value);
        final Engine engine = writing("putAsync");
        try {
            return asyncWaiter.future(engine.put(key, value), options.durabilityOr(writable.durability()));
        } catch (final IllegalStateException | DeviceException e) {
            throw afterClose(e);
        }
    }

    /// Stores a batch at the store's default level.
    public void write(final WriteBatch batch) {
        write(batch, WriteOptions.DEFAULT);
    }

    /// Stores a batch: after any crash all of it is there or nothing. Readers may see its parts one by one.
    ///
    /// @throws IllegalArgumentException if it does not fit one append block ({@link #maxBatchBytes})
    public void write(final WriteBatch batch, final WriteOptions options) {
        final int size = batch.size();
        if (size == 0) {
            return;
        }
        final byte[][] keys = new byte[size][];
        final byte[][] values = new byte[size][];
        for (int i = 0; i < size; i++) {
            keys[i] = batch.key(i);
            values[i] = batch.value(i);
            checkKey(keys[i]);
        }
        final Engine engine = writing("write");
        try {
            engine.await(engine.write(keys, values), options.durabilityOr(writable.durability()));
        } catch (final IllegalStateException | DeviceException e) {
            throw afterClose(e);
        }
    }

    /// Waits until everything written so far, by any thread, is {@link Durability#FLUSHED}.
    ///
    /// @throws StoreReadOnlyException if the store is read-only: what a killed process left in staging stays
    /// there
    public void flush() {
        checkOpen();
        final Engine engine = writing("flush");
        try {
            engine.await(writable.lastBlock(), Durability.FLUSHED);
        } catch (final IllegalStateException | DeviceException e) {
            throw afterClose(e);
        }
    }

    // ---- limits, figures, care

    /// Longest key in bytes.
    public int maxKeyBytes() {
        return maxKeyLength;
    }

    /// Longest value in bytes: the zone capacity, or half the store's capacity bound if that is less.
    public long maxValueBytes() {
        return store.maxValueBytes();
    }

    /// Bytes that the records of a batch may take together; a record takes 32 bytes, key and value, rounded up to 16.
    public int maxBatchBytes() {
        return reads.maxBatchBytes();
    }

    /// Figures at this moment.
    public StoreStats stats() {
        return whileOpen(store::stats);
    }

    /// The zones in use.
    public List<ZoneReport> zones() {
        return whileOpen(store::zones);
    }

    /// Collects every full zone of which at least this share is garbage, and waits for it. Not needed in normal
    /// running.
    ///
    /// @param minGarbageRatio 0 to 1
    public GcReport collect(final double minGarbageRatio) {
        if (!(minGarbageRatio >= 0 && minGarbageRatio <= 1)) {
            throw new IllegalArgumentException("minGarbageRatio=" + minGarbageRatio + " is not between 0 and 1");
        }
        return whileOpen(() -> writableFor("collect").collect(minGarbageRatio));
    }

    /// Writes a checkpoint of the index now and waits for it, so that an opening after an unclean end replays only
    /// what is written from now on. The store does so by itself from time to time and when it is closed.
    ///
    /// @return whether it was written; if not, {@link StoreStats#checkpointProblem} says why
    /// @throws StoreFailedException if the device has failed
    public boolean checkpoint() {
        return whileOpen(() -> writableFor("checkpoint").checkpoint());
    }

    /// Reads the whole store and compares everything with everything: each block and record up to the write
    /// pointers,
    /// the index with the log, values in chunks, checkpoints, and the accounts of the zones. Writes nothing.
    /// Takes as
    /// much memory again as the index, and runs on the calling thread; readers go on meanwhile.
    ///
    /// @param listener told of progress and findings
    /// @return what was checked and found; damage is no exception
    /// @throws ConfigurationException if the store was not opened with {@link Context#readOnly}
    public VerifyReport verify(final VerifyOptions options, final VerifyListener listener) {
        Objects.requireNonNull(options, "options");
        Objects.requireNonNull(listener, "listener");
        if (!(store instanceof final ReadOnlyStore readOnly)) {
            throw new ConfigurationException(
                    "verify needs a store that nobody changes meanwhile: open it with Context.readOnly(true)");
        }
        return whileOpen(() -> readOnly.verify(options, listener));
    }

    /// Makes everything durable and releases the store. Idempotent; other threads' operations end with
    /// {@link StoreClosedException}. The next opening finds everything that was written.
    @Override
    public void close() {
        CloseHelper.closeAll(store, asyncWaiter, lock);
    }

    private Engine writing(final String operation) {
        return writableFor(operation).engine();
    }

    private OpenStore writableFor(final String operation) {
        if (writable == null) {
            throw new StoreReadOnlyException(
                    operation
                            + ": the store was opened read-only, nothing was changed; open it without Context.readOnly to write");
        }
        return writable;
    }

    private void checkKey(final byte[] key) {
        Objects.requireNonNull(key, "key");
        if (key.length == 0 || key.length > maxKeyLength) {
            throw new IllegalArgumentException("a key has 1 to " + maxKeyLength + " bytes, this one has " + key.length);
        }
        if (store.isClosed()) {
            throw closedException(null);
        }
    }

    private void checkValue(final byte[] value) {
        Objects.requireNonNull(value, "value");
        if (value.length > store.maxValueBytes()) {
            throw new IllegalArgumentException("a value in this store has at most " + store.maxValueBytes()
                    + " bytes, this one has " + value.length
                    + ": create the store with larger zones (zoneSizeBytes) or capacity");
        }
    }

    private void checkOpen() {
        if (store.isClosed()) {
            throw closedException(null);
        }
    }

    private <T> T whileOpen(final Supplier<T> action) {
        checkOpen();
        try {
            return action.get();
        } catch (final IllegalStateException | DeviceException e) {
            throw afterClose(e);
        }
    }

    /// What an exception of the memory or the device means to the caller: mostly that the store was closed under it.
    private RuntimeException afterClose(final RuntimeException e) {
        if (store.isClosed()) {
            return closedException(e);
        }
        return e instanceof DeviceException ? new ZapKvException("the device failed: " + e.getMessage(), e) : e;
    }

    private static StoreClosedException closedException(final Throwable cause) {
        return new StoreClosedException("the store is closed", cause);
    }
}
