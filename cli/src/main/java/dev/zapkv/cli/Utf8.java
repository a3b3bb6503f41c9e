/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import java.nio.ByteBuffer;
import java.nio.CharBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.CharsetDecoder;
import java.nio.charset.CoderResult;
import java.nio.charset.StandardCharsets;

/// Strict UTF-8: bytes are text only if encoding the text gives the same bytes again. Keeps one decoder; not
/// thread-safe.
final class Utf8 {
    private static final int SCRATCH_CHARS = 4096;

    private final CharsetDecoder decoder = StandardCharsets.UTF_8.newDecoder(); // reports malformed input
    private final CharBuffer scratch = CharBuffer.allocate(SCRATCH_CHARS);

    Utf8() {}

    /// Whether all of these bytes are well-formed UTF-8.
    boolean isValid(final byte[] bytes, final int offset, final int length) {
        final ByteBuffer source = ByteBuffer.wrap(bytes, offset, length);
        decoder.reset();
        while (true) {
            scratch.clear();
            final CoderResult result = decoder.decode(source, scratch, true);
            if (result.isError()) {
                return false;
            }
            if (result.isUnderflow()) {
                return true;
            }
        }
    }

    /// Whether all of these bytes are well-formed UTF-8.
    boolean isValid(final byte[] bytes) {
        return isValid(bytes, 0, bytes.length);
    }

    /// The bytes of a text, or null if it holds half a surrogate pair, which has none.
    static byte[] encodeOrNull(final String text) {
        try {
            final ByteBuffer encoded = StandardCharsets.UTF_8.newEncoder().encode(CharBuffer.wrap(text));
            final byte[] bytes = new byte[encoded.remaining()];
            encoded.get(bytes);
            return bytes;
        } catch (final CharacterCodingException e) {
            return null;
        }
    }
}
