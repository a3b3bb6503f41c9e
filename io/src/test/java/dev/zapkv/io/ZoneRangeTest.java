/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import org.junit.jupiter.api.Test;

/// Ranges of zones.
final class ZoneRangeTest {
    @Test
    void shouldReadWhatItWrites() {
        for (final ZoneRange range : new ZoneRange[] {
            ZoneRange.ALL, new ZoneRange(0, 64), new ZoneRange(7, 1), new ZoneRange(64, Integer.MAX_VALUE)
        }) {
            assertEquals(range, ZoneRange.parse(range.toString()));
        }
        assertEquals("0-63", new ZoneRange(0, 64).toString());
    }

    @Test
    void shouldRefuseWhatIsNoRange() {
        for (final String text : new String[] {"", "-", "5", "-5", "5-4", "a-b", "1-2-3", "1-99999999999", " 1-2"}) {
            assertThrows(IllegalArgumentException.class, () -> ZoneRange.parse(text), text);
        }
        assertThrows(IllegalArgumentException.class, () -> new ZoneRange(-1, 1));
        assertThrows(IllegalArgumentException.class, () -> new ZoneRange(0, 0));
    }

    @Test
    void shouldLieInTheDrive() {
        assertEquals(new ZoneRange(0, 64), ZoneRange.ALL.within("drive", 64));
        assertEquals(new ZoneRange(60, 4), ZoneRange.parse("60-").within("drive", 64));
        assertEquals(new ZoneRange(63, 1), new ZoneRange(63, 1).within("drive", 64));
        for (final String text : new String[] {"0-64", "64-", "64-64", "63-64"}) {
            final String message = assertThrows(
                            DeviceException.class, () -> ZoneRange.parse(text).within("/dev/ng0n1", 64))
                    .getMessage();
            assertTrue(message.contains("/dev/ng0n1") && message.contains("0-63") && message.contains(text), message);
        }
    }

    @Test
    void shouldTellWhetherRangesOverlap() {
        assertTrue(ZoneRange.parse("0-3").overlaps(ZoneRange.parse("3-5")));
        assertTrue(ZoneRange.ALL.overlaps(ZoneRange.parse("100-")));
        assertFalse(ZoneRange.parse("0-3").overlaps(ZoneRange.parse("4-")));
        assertFalse(ZoneRange.parse("4-").overlaps(ZoneRange.parse("0-3")));
    }
}
