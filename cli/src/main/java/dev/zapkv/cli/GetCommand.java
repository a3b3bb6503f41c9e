/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.ZapKv;
import java.io.IOException;
import java.util.List;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Option;
import picocli.CommandLine.Parameters;

/// Prints values.
@Command(
        name = "get",
        description = {
            "Print the values of keys.",
            "A line break follows each. A value that is not printable text is shown as hexadecimal digits on a terminal, and as it is in a pipe or file.",
            "With --json: a line per key as in a dump; \"value\":null for an absent one."
        },
        footer = {
            "",
            "Examples:",
            "  zapkv get /data/store greeting",
            "  zapkv get /data/store --raw photo > photo.jpg",
            "  zapkv get /data/store --hex 00ff10",
            "  zapkv get /data/store --json bash dash"
        })
final class GetCommand extends StoreCommand {
    @Parameters(
            index = "1..*",
            arity = "1..*",
            paramLabel = "KEY",
            description = "UTF-8 text, or bytes as --hex or --base64.")
    private List<String> keys;

    @ArgGroup
    private BinaryText form;

    @Option(names = "--raw", description = "Print exactly the bytes of the values, nothing between or after them.")
    private boolean raw;

    GetCommand(final Terminal terminal) {
        super(terminal);
    }

    @Override
    int run() throws IOException {
        if (raw && isJson()) {
            throw CommandException.usage("--raw and --json exclude each other.");
        }
        final List<byte[]> wanted =
                keys.stream().map(key -> BinaryText.decode(form, key, "KEY")).toList();
        final ValuePrinter printer = new ValuePrinter(terminal(), form, raw);
        int exitCode = ExitCode.OK;
        try (ZapKv store = openToRead();
                JsonLinesWriter lines = new JsonLinesWriter(terminal().out())) {
            for (int i = 0; i < wanted.size(); i++) {
                final byte[] value = store.get(wanted.get(i));
                if (value == null) {
                    exitCode = ExitCode.NOT_FOUND;
                    reportAbsent(lines, wanted.get(i), keys.get(i));
                } else if (isJson()) {
                    lines.write(wanted.get(i), value);
                } else {
                    printer.print(value);
                }
            }
        }
        return exitCode;
    }

    private void reportAbsent(final JsonLinesWriter lines, final byte[] key, final String argument) throws IOException {
        if (isJson()) {
            lines.writeAbsent(key);
        } else {
            terminal().err().println("zapkv: " + argument + ": no such key");
        }
    }
}
