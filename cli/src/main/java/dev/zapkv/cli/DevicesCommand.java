/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;

/// Lists the drives a store can lie on.
@Command(
        name = "devices",
        mixinStandardHelpOptions = true,
        versionProvider = Version.class,
        sortOptions = false,
        usageHelpWidth = 100,
        description = {
            "List what a store can lie on: zoned NVMe namespaces, zoned block devices, mounted zonefs, and the current"
                    + " directory; what each can do, how that was learned, and what is done where something is missing.",
            "Nothing is written to a drive. What cannot be looked at is listed with the reason."
        },
        footer = {"", "Examples:", "  zapkv devices", "  sudo zapkv devices --json"})
final class DevicesCommand implements Callable<Integer> {
    private final Terminal terminal;

    @Option(names = "--json", description = "Report as JSON.")
    private boolean json;

    DevicesCommand(final Terminal terminal) {
        this.terminal = terminal;
    }

    @Override
    public Integer call() throws IOException {
        final List<DeviceReport> devices = DeviceSearch.system().run();
        if (json) {
            JsonReport.write(terminal.out(), fields -> writeJson(devices, fields));
        } else {
            for (final DeviceReport device : devices) {
                terminal.print(device.format());
            }
        }
        terminal.out().flush();
        return ExitCode.OK;
    }

    private static void writeJson(final List<DeviceReport> devices, final JsonGenerator fields) throws IOException {
        fields.writeArrayFieldStart("devices");
        for (final DeviceReport device : devices) {
            device.writeJson(fields);
        }
        fields.writeEndArray();
    }
}
