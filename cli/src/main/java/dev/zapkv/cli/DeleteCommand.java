/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.WriteOptions;
import dev.zapkv.ZapKv;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Deletes entries.
@Command(
        name = "delete",
        description = {
            "Delete keys.",
            "The exit code is 1 if one of them was absent; the others are deleted all the same."
        },
        footer = {"", "Examples:", "  zapkv delete /data/store greeting", "  zapkv delete /data/store --json bash dash"
        })
final class DeleteCommand extends StoreCommand {
    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "KEY",
            description = "UTF-8 text, or bytes as --hex or --base64.")
    private List<String> keys;

    @ArgGroup
    private BinaryText form;

    @Mixin
    private final DurabilityOption durability = new DurabilityOption();

    DeleteCommand(final Terminal terminal) {
        super(terminal);
    }

    @Override
    int run() throws IOException {
        final List<byte[]> doomed =
                keys.stream().map(key -> BinaryText.decode(form, key, "KEY")).toList();
        final WriteOptions options = durability.writeOptions();
        int exitCode = ExitCode.OK;
        try (ZapKv store = open()) {
            for (int i = 0; i < doomed.size(); i++) {
                final boolean existed = store.delete(doomed.get(i), options);
                exitCode = existed ? exitCode : ExitCode.NOT_FOUND;
                report(doomed.get(i), keys.get(i), existed);
            }
        }
        return exitCode;
    }

    private void report(final byte[] key, final String argument, final boolean existed) throws IOException {
        if (isJson()) {
            JsonReport.write(terminal().out(), fields -> {
                JsonLinesWriter.writeField(fields, new Utf8(), JsonLines.KEY, JsonLines.KEY_BASE64, key);
                fields.writeBooleanField("deleted", existed);
            });
        } else if (!existed) {
            terminal().err().println("zapkv: " + argument + ": no such key");
        }
    }
}
