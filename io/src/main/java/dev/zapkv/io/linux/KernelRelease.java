/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.linux;

import java.util.regex.Matcher;
import java.util.regex.Pattern;

/// Version of the running kernel, for what cannot be probed.
///
/// @param major   first number
/// @param minor   second number
/// @param release the whole text, as {@code uname -r} prints it
public record KernelRelease(int major, int minor, String release) {
    private static final Pattern SYNTAX = Pattern.compile("(\\d{1,4})\\.(\\d{1,4})(?:[^\\d].*)?");

    /// The running kernel.
    public static KernelRelease running() {
        return parse(System.getProperty("os.version"));
    }

    /// Reads a release. One that is not understood counts as 0.0: nothing is taken for granted.
    public static KernelRelease parse(final String release) {
        final Matcher matcher = SYNTAX.matcher(release);
        return matcher.matches()
                ? new KernelRelease(Integer.parseInt(matcher.group(1)), Integer.parseInt(matcher.group(2)), release)
                : new KernelRelease(0, 0, release);
    }

    /// Whether it is this version or a later one.
    public boolean isAtLeast(final int otherMajor, final int otherMinor) {
        return major > otherMajor || (major == otherMajor && minor >= otherMinor);
    }

    @Override
    public String toString() {
        return release;
    }
}
