/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.cli;

import com.fasterxml.jackson.core.Base64Variant;
import com.fasterxml.jackson.core.Base64Variants;
import com.fasterxml.jackson.core.JsonFactory;
import com.fasterxml.jackson.core.StreamReadConstraints;

/// The words of the JSON-lines encoding, for its reader and its writer: `key` and `value` as text, `key64` and
/// `value64` as Base64.
final class JsonLines {
    static final String KEY = "key";
    static final String KEY_BASE64 = "key64";
    static final String VALUE = "value";
    static final String VALUE_BASE64 = "value64";

    /// Standard alphabet, padded, without line breaks.
    static final Base64Variant BASE64 = Base64Variants.MIME_NO_LINEFEEDS;

    /// A value is one string and may be as long as its line; the parser's own limit of 20 million characters would
    /// refuse it. There is nothing to nest, and names are four short words. Detection of UTF-16 is off: the lines
    /// are UTF-8.
    static final JsonFactory FACTORY = JsonFactory.builder()
            .streamReadConstraints(StreamReadConstraints.builder()
                    .maxStringLength(LineReader.MAX_LINE_BYTES)
                    .maxNestingDepth(2)
                    .maxNameLength(1024)
                    .build())
            .disable(JsonFactory.Feature.CHARSET_DETECTION)
            .build();

    private JsonLines() {}
}
