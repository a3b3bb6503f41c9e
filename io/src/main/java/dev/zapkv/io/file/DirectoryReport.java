/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.DeviceException;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.ZoneInfo;
import dev.zapkv.io.emulated.EmulatedZones;
import java.io.IOException;
import java.nio.file.DirectoryStream;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.SortedMap;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// What can be told of a device in a directory without opening it, however damaged it is. Nothing is
/// written.
///
/// @param geometry  the device's sizes, or null if its identity cannot be read
/// @param states    of each zone, or an empty list if the device was not cleanly closed, or they cannot
///                  be read
/// @param zoneFiles the zones that have a file
/// @param problems  what could not be read, and why
public record DirectoryReport(
        ZoneGeometry geometry, List<ZoneInfo> states, SortedMap<Integer, Path> zoneFiles, List<String> problems) {
    private static final Pattern ZONE_NAME = Pattern.compile("zone-(\\d{8})");

    /// Looks at a directory.
    ///
    /// @throws DeviceException if it holds no zone files, or cannot be read at all
    public static DirectoryReport of(final Path directory) {
        final List<String> problems = new ArrayList<>();
        final SortedMap<Integer, Path> files = zoneFiles(directory);
        final ZoneGeometry geometry = geometry(directory, problems);
        return new DirectoryReport(geometry, states(directory, geometry, problems), files, List.copyOf(problems));
    }

    private static SortedMap<Integer, Path> zoneFiles(final Path directory) {
        final Path zones = directory.resolve(ZoneFiles.DIRECTORY_NAME);
        final SortedMap<Integer, Path> files = new TreeMap<>();
        if (Files.isDirectory(zones)) {
            try (DirectoryStream<Path> entries = Files.newDirectoryStream(zones)) {
                for (final Path file : entries) {
                    final Matcher name = ZONE_NAME.matcher(file.getFileName().toString());
                    if (name.matches()) {
                        files.put(Integer.parseInt(name.group(1)), file);
                    }
                }
            } catch (final IOException e) {
                throw new DeviceException("cannot read " + zones + ": " + e, DeviceException.EIO, e);
            }
        }
        if (files.isEmpty()) {
            throw new DeviceException(
                    directory + " holds no zone files (zones/zone-00000000 …): name the directory of a store",
                    DeviceException.ENOENT);
        }
        return files;
    }

    private static ZoneGeometry geometry(final Path directory, final List<String> problems) {
        try {
            return DeviceIdentity.read(directory);
        } catch (final DeviceException | IOException e) {
            problems.add(e.getMessage());
            return null;
        }
    }

    private static List<ZoneInfo> states(
            final Path directory, final ZoneGeometry geometry, final List<String> problems) {
        if (geometry == null) {
            return List.of();
        }
        final EmulatedZones zones = new EmulatedZones(geometry);
        try {
            if (!ZoneStatesFile.read(directory, geometry, zones)) {
                return List.of();
            }
        } catch (final DeviceException | IOException e) {
            problems.add(e.getMessage());
            return List.of();
        }
        final List<ZoneInfo> states = new ArrayList<>();
        for (int zone = 0; zone < geometry.zoneCount(); zone++) {
            states.add(zones.report(zone));
        }
        return states;
    }
}
