/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import dev.zapkv.StoreFailedException;
import dev.zapkv.StoreFullException;
import dev.zapkv.TestData;
import dev.zapkv.WriteBatch;
import dev.zapkv.WriteOptions;
import dev.zapkv.ZapKv;
import dev.zapkv.io.DeviceException;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/// What is done with the store between its openings: one operation at a time, each told to the model.
final class Workload {
    /// Half of the values that are longer are put from leased memory, in chunks.
    static final int LEASED_FROM = 10_000;
    private static final int READS_AFTER_FAILURE = 10;

    private final Setup setup;
    private final StoreLife life;
    private final Faults faults;
    private final StoreCheck check;
    private final Model model;
    private final Trace trace;
    private final SplittableRandom random;
    private long valuesMade;

    Workload(
            final Setup setup,
            final StoreLife life,
            final Faults faults,
            final StoreCheck check,
            final Model model,
            final Trace trace) {
        this.setup = setup;
        this.life = life;
        this.faults = faults;
        this.check = check;
        this.model = model;
        this.trace = trace;
        random = setup.random;
    }

    boolean chance(final int perThousand) {
        return random.nextInt(1000) < perThousand;
    }

    void operation() {
        if (chance(3)) {
            check.content("in the middle");
        } else if (chance(setup.collectPerThousand)) {
            life.store().collect(random.nextInt(3) / 4.0);
        } else if (chance(10)) {
            flush();
        } else if (chance(150)) {
            check.get(random.nextInt(setup.keys.length));
        } else if (chance(setup.batchPerThousand)) {
            write(2 + random.nextInt(6));
        } else {
            write(1);
        }
    }

    private void write(final int size) {
        final int[] changed = new int[size];
        final byte[][] values = new byte[size][];
        final boolean tooMuch = model.valueBytes() > setup.target;
        for (int i = 0; i < size; i++) {
            changed[i] = random.nextInt(setup.keys.length);
            final boolean delete = random.nextInt(1000) < (tooMuch ? 700 : setup.deletePerThousand);
            values[i] = delete ? null : newValue(size == 1);
        }
        final WriteOptions level = level();
        model.begin(changed, values);
        final boolean mayFailToRead = life.media().hasReadErrors();
        try {
            submit(changed, values, level);
            model.accept();
        } catch (final StoreFullException e) {
            full(changed, values, e);
            return;
        } catch (final DeviceException e) {
            if (!mayFailToRead) {
                throw e;
            }
            allOrNothing(changed, values);
            return;
        }
        if (level == WriteOptions.FLUSHED) {
            model.flushed();
        }
    }

    /// A write that the process does not live to finish.
    ///
    /// @return the number of its records, all of them in staging
    int beginWrite() {
        final int size = 1 + random.nextInt(6);
        final int[] changed = new int[size];
        final byte[][] values = new byte[size][];
        for (int i = 0; i < size; i++) {
            changed[i] = random.nextInt(setup.keys.length);
            values[i] = newValue(false);
        }
        model.begin(changed, values);
        try {
            submit(changed, values, WriteOptions.PROCESS);
        } catch (final StoreFullException e) {
            full(changed, values, e);
            return 0;
        }
        return size;
    }

    /// After the device failed: writes are refused, reads go on.
    void afterFailure() {
        try {
            life.store().put(setup.keys[0], new byte[1], WriteOptions.PROCESS);
            throw new AssertionError("the store took a write after its device had failed");
        } catch (final StoreFailedException e) {
            trace.add(18);
        }
        for (int i = 0; i < READS_AFTER_FAILURE; i++) {
            final int key = random.nextInt(setup.keys.length);
            if (!model.isInDoubt(key)) {
                check.get(key);
            }
        }
    }

    private void submit(final int[] changed, final byte[][] values, final WriteOptions level) {
        final ZapKv store = life.store();
        final byte[] first = setup.keys[changed[0]];
        if (changed.length > 1) {
            final WriteBatch batch = new WriteBatch();
            for (int i = 0; i < changed.length; i++) {
                if (values[i] == null) {
                    batch.delete(setup.keys[changed[i]]);
                } else {
                    batch.put(setup.keys[changed[i]], values[i]);
                }
            }
            store.write(batch, level);
        } else if (values[0] == null) {
            final boolean deleted = store.delete(first, level);
            if (deleted != (model.value(changed[0]) != null)) {
                throw new AssertionError("delete of key " + changed[0] + " said " + deleted);
            }
        } else if (values[0].length > LEASED_FROM && values[0].length % 2 == 1) {
            TestData.putLeased(store, first, values[0], level);
        } else {
            store.put(first, values[0], level);
        }
    }

    private WriteOptions level() {
        if (chance(setup.flushedPerThousand)) {
            return WriteOptions.FLUSHED;
        }
        return chance(100) ? WriteOptions.DEVICE : WriteOptions.PROCESS;
    }

    /// What a killed process left in staging may find less room than it was promised.
    private void flush() {
        try {
            life.store().flush();
        } catch (final StoreFullException e) {
            trace.add(10, -1, 0);
            requireReason(e);
            return;
        }
        model.flushed();
        check.accounts("after a flush", true);
    }

    /// The store refused a write for lack of room.
    private void full(final int[] changed, final byte[][] values, final StoreFullException e) {
        trace.add(10, changed[0], 0);
        requireReason(e);
        allOrNothing(changed, values);
    }

    /// Whether the store has a reason to say that it is full.
    boolean mayBeFull() {
        return model.valueBytes() >= setup.target / 2 || faults.tookRoom();
    }

    /// The store says that it is full: it must have a reason.
    private void requireReason(final StoreFullException e) {
        if (!mayBeFull()) {
            throw new AssertionError(
                    "the store says it is full with " + model.valueBytes() + " bytes of values in "
                            + setup.geometry.zoneCount() + " zones of " + setup.geometry.zoneCapacity() + ": "
                            + life.store().zones(),
                    e);
        }
    }

    /// A write was refused: either all or nothing was written.
    private void allOrNothing(final int[] changed, final byte[][] values) {
        life.media().healReads();
        // The last value of a key counts.
        final Map<Integer, byte[]> last = new HashMap<>();
        for (int i = 0; i < changed.length; i++) {
            last.put(changed[i], values[i]);
        }
        boolean written = true;
        for (final Map.Entry<Integer, byte[]> change : last.entrySet()) {
            written &= check.holds(change.getKey(), change.getValue());
        }
        if (written) {
            model.accept();
        } else {
            model.refuse();
            for (final int key : changed) {
                check.get(key);
            }
        }
    }

    private byte[] newValue(final boolean mayBeLarge) {
        final int length;
        if (mayBeLarge && chance(setup.largePerThousand)) {
            length = random.nextInt(
                    setup.blockBytes - 2000, (int) Math.min(life.store().maxValueBytes(), 5L * setup.blockBytes));
        } else {
            length = random.nextInt(
                    mayBeLarge
                            ? random.nextInt(2, setup.maxValue + 1)
                            : Math.min(setup.maxValue, Math.min(4000, setup.blockBytes / 16)));
        }
        final byte[] value = new byte[length];
        new SplittableRandom(++valuesMade).nextBytes(value);
        return value;
    }
}
