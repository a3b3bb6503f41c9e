/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import dev.zapkv.io.ZoneRange;
import java.util.List;
import java.util.Objects;
import java.util.stream.Stream;

/// A drive that the tests of this process may erase, one of {@code ZAPKV_VM_STORE} (separated by commas), such as
/// {@code nvme:/dev/ng0n1}. Of each the zones {@code ZAPKV_VM_ZONES} are used, by default the first 24.
record TestDrive(Location location, ZoneRange range) {
    static List<TestDrive> all() {
        final String named = Objects.requireNonNull(
                System.getenv("ZAPKV_VM_STORE"), "ZAPKV_VM_STORE names no drive, for example nvme:/dev/ng0n1");
        final ZoneRange range = ZoneRange.parse(Objects.requireNonNullElse(System.getenv("ZAPKV_VM_ZONES"), "0-23"));
        return Stream.of(named.split(",", -1))
                .map(location -> new TestDrive(Location.parse(location), range))
                .toList();
    }

    /// For what takes one drive.
    static TestDrive only() {
        final List<TestDrive> all = all();
        if (all.size() != 1) {
            throw new IllegalStateException("ZAPKV_VM_STORE names several drives: " + all);
        }
        return all.getFirst();
    }

    Context context() {
        return new Context().location(location).zones(range).memoryBytes(32 << 20);
    }

    /// Asks the drive itself.
    DriveZones zones() {
        return DriveZones.of(location, range);
    }

    @Override
    public String toString() {
        return location.toString();
    }
}
