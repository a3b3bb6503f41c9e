/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.jmh;

import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Unmatched;

/// Runs the JMH benchmarks of this package. Everything after the command's name goes to JMH as it is.
@Command(
        name = "jmh",
        description = "Runs the JMH benchmarks whose names match a regular expression; all arguments are those of JMH"
                + " (-h, -l, -prof gc).")
public final class JmhCommand implements Callable<Integer> {
    @Unmatched
    private final List<String> arguments = new ArrayList<>();

    /// For the command line parser.
    public JmhCommand() {}

    @Override
    public Integer call() throws IOException {
        org.openjdk.jmh.Main.main(arguments.toArray(String[]::new));
        return 0;
    }
}
