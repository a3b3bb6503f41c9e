/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.simulation;

import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.sim.SimOptions;
import java.nio.ByteBuffer;
import java.util.HashMap;
import java.util.Map;
import java.util.SplittableRandom;

/// What a seed decides before a history begins: the device, the keys, the mix of operations, how often what fails.
final class Setup {
    /// As the number of steps: drawn from the seed.
    static final int MIXED_STEPS = 0;

    private static final int LOGICAL_BLOCK = 4096;
    // Metadata, reserve and open zones: see the store's bound of its live bytes.
    private static final int UNUSABLE_ZONES = 6;
    private static final int SHORTEST = 20;
    private static final int LENGTHS = 6;

    final long seed;
    final Drive drive;
    final int steps;
    /// Decides the workload.
    final SplittableRandom random;
    /// Decides where crashes fall and what survives.
    final SplittableRandom crashRandom;
    /// What the store gets as time and random numbers.
    final SplittableRandom storeRandom;
    /// Decides how zones fail.
    final SplittableRandom driveRandom;
    /// Decides the other faults.
    final SplittableRandom faultRandom;

    final int blockBytes;
    final ZoneGeometry geometry;
    final SimOptions options;
    final int zoneFailuresPerThousand;
    final int faultsPerThousand;
    final int crashesPerThousand;
    final int flushedPerThousand;
    final int largePerThousand;
    final int deletePerThousand;
    final int batchPerThousand;
    final int collectPerThousand;
    final int maxValue;
    final long checkpointBytes;
    final int conventionalZones;
    /// Bytes of values that the store should be able to hold.
    final long target;
    final byte[][] keys;

    private final Map<ByteBuffer, Integer> numberOfKey = new HashMap<>();

    Setup(final long seed, final Drive drive, final int steps) {
        this.seed = seed;
        this.drive = drive;
        random = new SplittableRandom(seed);
        crashRandom = random.split();
        storeRandom = random.split();
        driveRandom = new SplittableRandom(seed * 31);
        faultRandom = new SplittableRandom(seed * 37);
        this.steps = steps == MIXED_STEPS ? length(faultRandom) : steps;
        blockBytes = drive.blockBytes();
        final int[] capacities = drive.zoneCapacities();
        final int capacity = capacities[random.nextInt(capacities.length)];
        final int zones = 10 + random.nextInt(14);
        zoneFailuresPerThousand = switch (drive) {
            case FRAGILE, CONVENTIONAL -> driveRandom.nextInt(3);
            case DYING -> 2 + driveRandom.nextInt(4);
            default -> 0;
        };
        faultsPerThousand = drive == Drive.FAILING || drive == Drive.ROTTING ? 2 + faultRandom.nextInt(20) : 0;
        final boolean losesZones = zoneFailuresPerThousand > 0 || faultsPerThousand > 0 || drive == Drive.FORGETFUL;
        final int openLimit = drive == Drive.FRAGILE ? driveRandom.nextInt(3, 6) : 0;
        geometry = new ZoneGeometry(
                LOGICAL_BLOCK,
                Integer.highestOneBit(capacity * 2 - 1),
                capacity,
                zones + (losesZones ? drive.zonesToFail() : 0),
                openLimit,
                openLimit == 0 ? 0 : openLimit + driveRandom.nextInt(2),
                blockBytes);
        options = new SimOptions(
                8 + random.nextInt(57), random.nextInt(7), random.nextInt(3) == 0 ? 1 : 0, 50 + random.nextInt(400));
        // Each zone may end with room that the next block does not fit into.
        final long usable = (long) (zones - UNUSABLE_ZONES) * (capacity - blockBytes);
        target = usable * (30 + random.nextInt(60)) / 100;
        crashesPerThousand = 1 + random.nextInt(20);
        flushedPerThousand = 1 << random.nextInt(8);
        largePerThousand = random.nextInt(3) == 0 ? 0 : 1 + random.nextInt(15);
        final boolean hasty = drive == Drive.HASTY;
        deletePerThousand = (hasty ? 200 : 20) + random.nextInt(300);
        batchPerThousand = hasty ? 300 : 100;
        collectPerThousand = hasty ? 20 : 3;
        maxValue = 1 << (6 + random.nextInt(10));
        checkpointBytes = 1L << driveRandom.nextInt(14, hasty ? 18 : 24);
        conventionalZones = drive == Drive.CONVENTIONAL ? 2 + driveRandom.nextInt(2) : 0;
        keys = new byte[hasty ? 4 + random.nextInt(40) : 50 + random.nextInt(400)][];
        for (int key = 0; key < keys.length; key++) {
            keys[key] = new byte[4 + random.nextInt(random.nextInt(20) == 0 ? Math.min(3000, blockBytes / 20) : 30)];
            random.nextBytes(keys[key]);
            ByteBuffer.wrap(keys[key]).putInt(0, key);
            numberOfKey.put(ByteBuffer.wrap(keys[key]), key);
        }
    }

    /// Most histories are short, so that there are many; some are long enough for a store to be filled and collected
    /// many times.
    private static int length(final SplittableRandom random) {
        final int longest = SHORTEST << (1 + random.nextInt(LENGTHS));
        return longest / 2 + random.nextInt(longest / 2);
    }

    /// The number of a key, or null if it is none.
    Integer numberOf(final ByteBuffer key) {
        return numberOfKey.get(key);
    }

    /// Whether a store may be made anew on the same zones: not in a directory, whose store is deleted instead, and not
    /// on zones that fail.
    boolean mayBeFormatted() {
        return drive != Drive.FORGETFUL && zoneFailuresPerThousand == 0;
    }

    @Override
    public String toString() {
        return "zones " + geometry.zoneCount() + " x " + geometry.zoneCapacity() + ", " + options;
    }
}
