/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Consecutive zones of a drive, the part of it that a device uses. Zone indices and addresses of the device count
/// from the first of them.
///
/// @param first the drive's index of the first zone
/// @param count number of zones; {@link Integer#MAX_VALUE}: up to the end of the drive
public record ZoneRange(int first, int count) {
    /// The whole drive.
    public static final ZoneRange ALL = new ZoneRange(0, Integer.MAX_VALUE);

    private static final Pattern SYNTAX = Pattern.compile("(\\d{1,9})-(\\d{1,9})?");

    /// Checks the signs.
    public ZoneRange {
        if (first < 0 || count < 1) {
            throw new IllegalArgumentException(
                    "a range of zones needs first >= 0 and count >= 1: first=" + first + " count=" + count);
        }
    }

    /// Reads {@code 0-63} (both included) or {@code 64-} (up to the end of the drive).
    ///
    /// @throws IllegalArgumentException if the text is neither
    public static ZoneRange parse(final String text) {
        final Matcher matcher = SYNTAX.matcher(text);
        if (!matcher.matches()) {
            throw new IllegalArgumentException(
                    "'" + text + "' is no range of zones: write first-last, such as 0-63, or first- such as 64-");
        }
        final int first = Integer.parseInt(matcher.group(1));
        if (matcher.group(2) == null) {
            return new ZoneRange(first, Integer.MAX_VALUE);
        }
        final int last = Integer.parseInt(matcher.group(2));
        if (last < first) {
            throw new IllegalArgumentException("the range of zones '" + text + "' ends before it begins");
        }
        return new ZoneRange(first, last - first + 1);
    }

    /// The same zones with a definite count.
    ///
    /// @param drive     names the drive in the message
    /// @param zoneCount zones the drive has
    /// @throws DeviceException if the range does not lie in the drive
    public ZoneRange within(final String drive, final int zoneCount) {
        final int definite = count == Integer.MAX_VALUE ? zoneCount - first : count;
        if (first >= zoneCount || definite > zoneCount - first) {
            throw new DeviceException(
                    "the range of zones " + this + " does not lie in " + drive + ", which has zones 0-"
                            + (zoneCount - 1) + ": choose zones it has",
                    0);
        }
        return new ZoneRange(first, definite);
    }

    /// Whether a zone lies in both ranges.
    public boolean overlaps(final ZoneRange other) {
        return first < (long) other.first + other.count && other.first < (long) first + count;
    }

    /// As {@link #parse} reads it.
    @Override
    public String toString() {
        return count == Integer.MAX_VALUE ? first + "-" : first + "-" + ((long) first + count - 1);
    }
}
