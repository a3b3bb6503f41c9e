/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.meta;

import dev.zapkv.ZapKvException;
import dev.zapkv.io.IoBuffer;
import java.util.BitSet;

/// Where metadata images go. The newest image stays untouched until the next one is durable.
sealed interface ImagePlaces permits SequentialPlaces, ConventionalPlaces {
    /// Attempts to write an image after which there is no hope left.
    int attempts();

    /// Largest image with its header, in bytes.
    int largest();

    /// Chooses a place for the next image.
    ///
    /// @param sequence number the image would get
    /// @param length   its bytes, a multiple of the logical block
    /// @return the number it gets: this one or a higher one
    /// @throws ZapKvException if there is no place left
    long prepare(long sequence, int length);

    /// Zones that died, whose loss an image has to know: it counts although they cannot be looked at.
    BitSet dead();

    /// Writes an image to the place that was chosen, and waits until it is durable.
    ///
    /// @return 0 or more, or {@code -errno}: then the next attempt needs another {@link #prepare}
    long write(IoBuffer buffer, int length);

    /// Zone of the newest image, or {@link MetadataSearch.Found#CONVENTIONAL}.
    int newestZone();

    /// The place last chosen, for messages.
    String describe();
}
