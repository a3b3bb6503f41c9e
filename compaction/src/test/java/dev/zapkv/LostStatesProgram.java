/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

/// What {@code tools/zns-vm restart-test --program} runs around a restart of the emulator, in which the drive forgets
/// the states of its zones and keeps its bytes: {@code before} makes a store, {@code after} expects it to be refused.
/// The tool itself compares the drives' bytes from before {@code after} with those after it.
final class LostStatesProgram {
    private static final int KEYS = 2_000;
    private static final int VALUE = 4_000;

    private LostStatesProgram() {}

    /// Does one part of the work.
    ///
    /// @param args {@code before} or {@code after}
    public static void main(final String[] args) {
        switch (args[0]) {
            case "before" -> before();
            case "after" -> after();
            default -> throw new IllegalArgumentException(args[0]);
        }
    }

    private static void before() {
        ZapKv.format(TestDrive.context(), true);
        try (ZapKv store = ZapKv.open(TestDrive.context())) {
            for (int key = 0; key < KEYS; key++) {
                store.put(TestData.key(key), TestData.value(key, 1, VALUE));
            }
        }
        try (ZapKv store = ZapKv.open(TestDrive.context())) {
            require(store.count() == KEYS, "the store holds " + store.count() + " keys");
        }
    }

    private static void after() {
        try (DriveZones drive = DriveZones.of(Location.parse(TestDrive.location()), TestDrive.range())) {
            final String difference =
                    drive.difference(java.util.List.of(), TestDrive.range().count());
            require(difference == null, "the drive has not lost its zone states: " + difference);
        }
        require(ZapKv.examine(TestDrive.context()).holdsStore(), "a store is not seen on the drive");
        refused("opening", () -> ZapKv.open(TestDrive.context()).close(), "lost its zone states");
        refused("formatting", () -> ZapKv.format(TestDrive.context(), false), "a store among them");
    }

    private static void refused(final String what, final Runnable action, final String explanation) {
        try {
            action.run();
        } catch (final FormatException e) {
            require(e.getMessage().contains(explanation), what + " was refused in other words: " + e.getMessage());
            System.out.println(what + " was refused: " + e.getMessage());
            return;
        }
        throw new AssertionError(TestDrive.location() + ": " + what + " was not refused");
    }

    private static void require(final boolean condition, final String problem) {
        if (!condition) {
            throw new AssertionError(TestDrive.location() + ": " + problem);
        }
    }
}
