/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sequential;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.linux.Errno;

/// A drive's limit of open or active zones counts all its zones, also those that a device does not use.
public final class DriveLimit {
    private DriveLimit() {}

    /// What is left of a limit, 0 if there is none.
    ///
    /// @param drive   names the drive in the message
    /// @param name    names the limit in the message
    /// @param limit   the drive's limit, 0 for none
    /// @param outside zones outside the range that count
    /// @throws DeviceException if nothing is left
    public static int left(final String drive, final String name, final long limit, final int outside) {
        if (limit == 0) {
            return 0;
        }
        if (limit <= outside) {
            throw new DeviceException(
                    drive + " allows " + name + "=" + limit + ", and zones outside the range use " + outside
                            + " of them: finish or reset some of those",
                    Errno.EBUSY);
        }
        return (int) Math.min(limit - outside, Integer.MAX_VALUE);
    }
}
