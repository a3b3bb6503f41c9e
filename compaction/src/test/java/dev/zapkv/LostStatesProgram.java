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
        for (final TestDrive drive : TestDrive.all()) {
            switch (args[0]) {
                case "before" -> before(drive);
                case "after" -> after(drive);
                default -> throw new IllegalArgumentException(args[0]);
            }
        }
    }

    private static void before(final TestDrive drive) {
        ZapKv.format(drive.context(), true);
        try (ZapKv store = ZapKv.open(drive.context())) {
            for (int key = 0; key < KEYS; key++) {
                store.put(TestData.key(key), TestData.value(key, 1, VALUE));
            }
        }
        try (ZapKv store = ZapKv.open(drive.context())) {
            require(drive, store.count() == KEYS, "the store holds " + store.count() + " keys");
        }
    }

    private static void after(final TestDrive drive) {
        try (DriveZones zones = drive.zones()) {
            final String difference =
                    zones.difference(java.util.List.of(), drive.range().count());
            require(drive, difference == null, "the drive has not lost its zone states: " + difference);
        }
        require(drive, ZapKv.examine(drive.context()).holdsStore(), "a store is not seen on the drive");
        refused(drive, "opening", () -> ZapKv.open(drive.context()).close(), "lost its zone states");
        refused(drive, "formatting", () -> ZapKv.format(drive.context(), false), "a store among them");
    }

    private static void refused(
            final TestDrive drive, final String what, final Runnable action, final String explanation) {
        try {
            action.run();
        } catch (final FormatException e) {
            require(
                    drive,
                    e.getMessage().contains(explanation),
                    what + " was refused in other words: " + e.getMessage());
            System.out.println(drive + ": " + what + " was refused: " + e.getMessage());
            return;
        }
        throw new AssertionError(drive + ": " + what + " was not refused");
    }

    private static void require(final TestDrive drive, final boolean condition, final String problem) {
        if (!condition) {
            throw new AssertionError(drive + ": " + problem);
        }
    }
}
