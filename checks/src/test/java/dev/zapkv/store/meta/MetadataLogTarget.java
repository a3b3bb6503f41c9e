/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.meta;

import dev.zapkv.FormatException;
import dev.zapkv.checks.fuzz.FuzzInput;
import dev.zapkv.checks.fuzz.FuzzTarget;
import dev.zapkv.checks.fuzz.RawZones;
import dev.zapkv.checks.fuzz.SeedBlock;
import dev.zapkv.io.ZoneState;
import dev.zapkv.store.format.MetadataImageTarget;
import dev.zapkv.store.index.KeyHash;
import java.util.List;

/// The search for the newest image in the metadata zones. What is found can be used.
public final class MetadataLogTarget implements FuzzTarget {
    private final RawZones device = new RawZones();

    @Override
    public List<byte[]> seeds() {
        final byte[] first = SeedBlock.of(MetadataImageTarget.image(false, "/dev/shm/zapkv-1.staging"), 1);
        final byte[] second = SeedBlock.of(MetadataImageTarget.image(true, ""), 2);
        return List.of(
                RawZones.concatenated(new byte[] {1}, RawZones.zone(ZoneState.OPEN, first, second)),
                RawZones.concatenated(
                        new byte[] {0}, RawZones.zone(ZoneState.FULL, second), RawZones.zone(ZoneState.OPEN, first)));
    }

    @Override
    public void run(final byte[] bytes) {
        final FuzzInput input = new FuzzInput(bytes);
        final boolean repair = (input.u8() & 1) != 0;
        device.load(input, 0, MetadataLog.ZONES, repair);
        try {
            final MetadataSearch.Found found = MetadataSearch.find(device);
            if (found != null) {
                new KeyHash(found.image().hashSeed0(), found.image().hashSeed1());
                found.image().stagingPath();
            } else {
                MetadataSearch.hasForgottenImage(device);
            }
        } catch (final FormatException e) {
            // as documented
            return;
        }
    }
}
