/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.format;

import dev.zapkv.checks.fuzz.FuzzTarget;
import java.lang.foreign.MemorySegment;
import java.util.List;

/// Metadata images: what is decoded can be encoded, and is decoded to the same again.
public final class MetadataImageTarget implements FuzzTarget {
    /// An image with a bit of everything.
    public static MetadataImage image(final boolean closedCleanly, final String staging) {
        return new MetadataImage(
                64 << 10,
                -1,
                11,
                12,
                1,
                5,
                2,
                closedCleanly,
                4,
                new ZoneLayout(512, 16 << 10, 15 << 10, 4, 0),
                staging,
                List.of(new CheckpointRef(2, 4, 1, 8, new PartPointer(0x8000, 7, 512, CheckpointPart.ROOT, 0, 3))),
                List.of(3L, 3L),
                List.of(0, 0, 1, 2));
    }

    @Override
    public List<byte[]> seeds() {
        return List.of(encoded(image(true, "")), encoded(image(false, "/dev/shm/zapkv-1.staging")));
    }

    @Override
    public void run(final byte[] input) {
        final MetadataImage image = MetadataImage.decode(MemorySegment.ofArray(input), 0, input.length);
        if (image != null) {
            final byte[] again = encoded(image);
            final MetadataImage same = MetadataImage.decode(MemorySegment.ofArray(again), 0, again.length);
            if (!image.equals(same)) {
                throw new AssertionError(image + " was encoded and decoded to " + same);
            }
        }
    }

    private static byte[] encoded(final MetadataImage image) {
        final byte[] bytes = new byte[image.length()];
        image.encode(MemorySegment.ofArray(bytes), 0);
        return bytes;
    }
}
