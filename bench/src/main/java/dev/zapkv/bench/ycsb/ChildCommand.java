/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import dev.zapkv.bench.peer.EngineKind;
import java.io.IOException;
import java.io.PrintStream;
import java.io.UncheckedIOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.concurrent.Callable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;
import picocli.CommandLine.Option;

/// One engine's run in this process, started by {@link YcsbCommand}. Ends itself when the parent goes away.
@Command(name = "ycsb-child", hidden = true)
public final class ChildCommand implements Callable<Integer> {
    private static final int ORPHANED = 3;

    @Mixin
    private final RunOptions options = new RunOptions();

    @Option(names = "--engine", required = true)
    private String engine = "";

    @Option(names = "--directory", required = true)
    private Path directory = Path.of("");

    @Option(names = "--shared-memory")
    private Path sharedMemory;

    /// For the command line parser.
    public ChildCommand() {}

    @Override
    public Integer call() {
        final PrintStream channel = new PrintStream(System.out, true, StandardCharsets.UTF_8);
        System.setOut(System.err); // What a library prints must not get between the messages.
        endWithParent();
        try {
            new EngineRun(
                            EngineKind.named(engine),
                            options.settings(),
                            directory,
                            sharedMemory,
                            System::nanoTime,
                            (workload, done, total, rate) ->
                                    send(channel, new ChildMessage.Progress(workload, done, total, rate)))
                    .run(result -> send(channel, new ChildMessage.Result(result)));
            return 0;
        } catch (final RuntimeException e) {
            e.printStackTrace(System.err);
            send(channel, new ChildMessage.Failure(String.valueOf(e.getMessage())));
            return 1;
        }
    }

    private static void send(final PrintStream channel, final ChildMessage message) {
        try {
            channel.println(ChildProtocol.encode(message));
        } catch (final IOException e) {
            throw new UncheckedIOException("cannot encode a message to the parent process", e);
        }
    }

    /// The parent holds the other end of standard input open as long as it lives.
    public static void endWithParent() {
        Thread.ofPlatform().daemon().name("parent-watch").start(() -> {
            try {
                while (System.in.read() >= 0) {
                    // The parent writes nothing.
                }
            } catch (final IOException e) {
                e.printStackTrace(System.err);
            }
            Runtime.getRuntime().halt(ORPHANED);
        });
    }
}
