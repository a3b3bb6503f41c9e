/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import dev.zapkv.io.ZoneRange;
import java.util.Objects;

/// The drive that the tests of this process may erase: {@code ZAPKV_VM_STORE}, such as {@code nvme:/dev/ng0n1}, and of
/// it the zones {@code ZAPKV_VM_ZONES}, by default the first 24.
final class TestDrive {
    private TestDrive() {}

    static String location() {
        return Objects.requireNonNull(
                System.getenv("ZAPKV_VM_STORE"), "ZAPKV_VM_STORE names no drive, for example nvme:/dev/ng0n1");
    }

    static String zones() {
        return Objects.requireNonNullElse(System.getenv("ZAPKV_VM_ZONES"), "0-23");
    }

    static ZoneRange range() {
        return ZoneRange.parse(zones());
    }

    static Context context() {
        return new Context().location(Location.parse(location())).zones(range()).memoryBytes(32 << 20);
    }
}
