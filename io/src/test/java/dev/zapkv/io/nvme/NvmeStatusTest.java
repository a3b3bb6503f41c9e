/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.linux.Errno;
import dev.zapkv.io.nvme.NvmeStatus.Reaction;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/// What each status asks for.
final class NvmeStatusTest {
    @ParameterizedTest
    @CsvSource({
        "0x001, BUG, 5",
        "0x002, BUG, 5",
        "0x004, UNCERTAIN, 5",
        "0x005, UNCERTAIN, 5",
        "0x006, RETRY, 5",
        "0x007, UNCERTAIN, 5",
        "0x008, UNCERTAIN, 5",
        "0x00B, BUG, 5",
        "0x013, BUG, 5",
        "0x021, RETRY, 5",
        "0x080, BUG, 5",
        "0x081, BUG, 28",
        "0x082, RETRY, 5",
        "0x1B6, BUG, 5",
        "0x1B7, BUG, 5",
        "0x1B8, NEXT_ZONE, 28",
        "0x1B9, NEXT_ZONE, 22",
        "0x1BA, ZONE_CHANGED, 30",
        "0x1BB, ZONE_CHANGED, 5",
        "0x1BC, BUG, 5",
        "0x1BD, FREE_ZONE, 75",
        "0x1BE, FREE_ZONE, 109",
        "0x1BF, ZONE_CHANGED, 22",
        "0x280, MEDIA, 5",
        "0x281, MEDIA, 5",
        "0x287, MEDIA, 5",
        "0x302, RETRY, 5",
        "0x370, RETRY, 5",
        "0x371, RETRY, 5",
        "0x7ff, UNCERTAIN, 5",
        "0x0aa, UNCERTAIN, 5"
    })
    void shouldKnowTheReaction(final String status, final Reaction reaction, final int errno) {
        // The flags above the code change nothing in it.
        for (final int flags : new int[] {0, 0x4000, 0x2000, 0x1800}) {
            final NvmeStatus known = NvmeStatus.of(Integer.decode(status) | flags);
            assertEquals(reaction, known.reaction());
            assertEquals(errno, known.errno());
        }
    }

    @Test
    void shouldReadTheFlags() {
        assertEquals(NvmeStatus.ZONE_FULL, NvmeStatus.of(0x41B9));
        assertTrue(NvmeStatus.isFinal(0x41B9));
        assertFalse(NvmeStatus.isFinal(0x01B9));
        assertEquals(0, NvmeStatus.delayIndex(0x4021));
        assertEquals(3, NvmeStatus.delayIndex(0x1821));
        assertEquals("zone is full (NVMe status 0x1b9, do not retry)", NvmeStatus.describe(0x41B9));
        assertEquals("command interrupted (NVMe status 0x21)", NvmeStatus.describe(0x0821));
        assertEquals(Errno.EIO, NvmeStatus.of(0x3FF).errno());
    }
}
