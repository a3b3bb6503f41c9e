/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.checkpoint;

import dev.zapkv.Finding;
import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.store.format.CheckpointRef;
import dev.zapkv.store.format.MetadataImage;
import dev.zapkv.store.format.PartPointer;
import dev.zapkv.store.meta.StoreId;
import java.util.function.IntConsumer;

/// Reads every part of a checkpoint, and keeps nothing of it.
public final class CheckpointAudit {
    private CheckpointAudit() {}

    /// What came of it.
    ///
    /// @param problem   why the checkpoint is of no use; null if it is
    /// @param zone      of the part that is damaged, or {@link Finding#NO_ZONE}
    /// @param offset    of that part in the zone
    /// @param length    of that part
    /// @param bytesRead from the device
    public record Outcome(String problem, int zone, long offset, long length, long bytesRead) {}

    /// Reads it.
    ///
    /// @param beforeRead told how many bytes will be read next
    public static Outcome check(
            final ZoneDevice device,
            final StoreId storeId,
            final MetadataImage image,
            final CheckpointRef ref,
            final IntConsumer beforeRead) {
        try (PartReader reader = new PartReader(device, storeId, image)) {
            PartPointer reading = null;
            try {
                for (final PartPointer part :
                        CheckpointLoader.find(device, storeId, image, ref).parts()) {
                    reading = part;
                    beforeRead.accept(part.length());
                    reader.read(part);
                }
                return new Outcome(null, Finding.NO_ZONE, 0, 0, reader.bytesRead());
            } catch (final InvalidCheckpointException | DeviceException e) {
                return reading == null
                        ? new Outcome(e.getMessage(), Finding.NO_ZONE, 0, 0, reader.bytesRead())
                        : new Outcome(
                                e.getMessage(),
                                device.geometry().zoneOf(reading.address()),
                                device.geometry().offsetOf(reading.address()),
                                reading.length(),
                                reader.bytesRead());
            }
        }
    }
}
