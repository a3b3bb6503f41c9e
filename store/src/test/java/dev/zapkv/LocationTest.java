/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;

final class LocationTest {
    @Test
    void shouldReadWhatItWrote() {
        for (final String text :
                List.of("data", "/data/store", "file:nvme:x", "file:file:x", "nvme:/dev/ng0n1", "zbd:/dev/sdb")) {
            assertEquals(text, Location.parse(text).toString());
        }
        assertEquals("data", Location.parse("file:data").toString());
        final Location directory = new Location(Location.Kind.FILE, Path.of("zonefs:x"));
        assertEquals(directory, Location.parse(directory.toString()));
    }
}
