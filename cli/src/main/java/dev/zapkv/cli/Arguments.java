/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.io.IOException;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/// The arguments as they were typed. The JVM decodes them by the locale and replaces what does not fit: in the C
/// locale, or with bytes that are no UTF-8, a key would silently become another one. The kernel still has the
/// bytes.
final class Arguments {
    private static final Path COMMAND_LINE = Path.of("/proc/self/cmdline");
    private static final char REPLACEMENT = '\uFFFD';

    private Arguments() {}

    /// The arguments of this process as strict UTF-8.
    static String[] exact(final String[] decoded) {
        final boolean isUtf8 = StandardCharsets.UTF_8.name().equals(System.getProperty("sun.jnu.encoding"));
        final boolean isDoubtful = Arrays.stream(decoded).anyMatch(argument -> argument.indexOf(REPLACEMENT) >= 0);
        if ((isUtf8 && !isDoubtful) || !Files.isReadable(COMMAND_LINE)) {
            return decoded;
        }
        try {
            return decodeLast(Files.readAllBytes(COMMAND_LINE), decoded.length);
        } catch (final IOException e) {
            throw CommandException.failed(
                    "Cannot read the command line from " + COMMAND_LINE + ": " + e.getMessage(), e);
        }
    }

    /// The last {@code count} of the NUL-terminated arguments.
    static String[] decodeLast(final byte[] commandLine, final int count) {
        final List<byte[]> all = split(commandLine);
        final String[] arguments = new String[count];
        for (int i = 0; i < count; i++) {
            arguments[i] = decode(all.get(all.size() - count + i), i + 1);
        }
        return arguments;
    }

    private static List<byte[]> split(final byte[] commandLine) {
        final List<byte[]> all = new ArrayList<>();
        int start = 0;
        for (int i = 0; i < commandLine.length; i++) {
            if (commandLine[i] == 0) {
                all.add(Arrays.copyOfRange(commandLine, start, i));
                start = i + 1;
            }
        }
        return all;
    }

    private static String decode(final byte[] argument, final int position) {
        try {
            return StandardCharsets.UTF_8
                    .newDecoder()
                    .decode(ByteBuffer.wrap(argument))
                    .toString();
        } catch (final CharacterCodingException e) {
            throw CommandException.usage("Argument " + position
                    + " is not UTF-8. Give binary keys and values as text with --hex or --base64.");
        }
    }
}
