/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import dev.zapkv.ZapKv;
import java.io.IOException;
import java.util.Locale;
import picocli.CommandLine.ArgGroup;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Parameters;

/// Stores one entry.
@Command(
        name = "put",
        description = {"Store a value under a key.", "A store is made if there is none."},
        footer = {
            "",
            "Examples:",
            "  zapkv put /data/store greeting 'good morning'",
            "  zapkv put /data/store --hex 00ff10 cafe",
            "  zapkv put /data/store --capacity 4g --zone-size 64m greeting hello",
            "  zapkv put /data/store -- --key-with-dashes value"
        })
final class PutCommand extends StoreCommand {
    @Parameters(index = "1", paramLabel = "KEY", description = "UTF-8 text, or bytes as --hex or --base64.")
    private String key;

    @Parameters(index = "2", paramLabel = "VALUE", description = "As KEY. Large values: zapkv load.")
    private String value;

    @ArgGroup
    private BinaryText form;

    @Mixin
    private final DurabilityOption durability = new DurabilityOption();

    @Mixin
    private final CreateOptions create = new CreateOptions();

    PutCommand(final Terminal terminal) {
        super(terminal);
    }

    @Override
    int run() throws IOException {
        final byte[] keyBytes = BinaryText.decode(form, key, "KEY");
        final byte[] valueBytes = BinaryText.decode(form, value, "VALUE");
        try (ZapKv store = openOrCreate(create)) {
            store.put(keyBytes, valueBytes, durability.writeOptions());
        }
        if (isJson()) {
            JsonReport.write(terminal().out(), fields -> {
                JsonLinesWriter.writeField(fields, new Utf8(), JsonLines.KEY, JsonLines.KEY_BASE64, keyBytes);
                fields.writeNumberField("value_bytes", valueBytes.length);
                fields.writeStringField("durability", durability.level().name().toLowerCase(Locale.ROOT));
            });
        }
        return ExitCode.OK;
    }
}
