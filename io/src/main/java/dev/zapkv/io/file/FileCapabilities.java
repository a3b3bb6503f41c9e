/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.file;

import dev.zapkv.io.Capabilities;
import dev.zapkv.io.Capabilities.Capability;
import dev.zapkv.io.command.AttributeCapabilities;
import dev.zapkv.io.command.IoEngine;
import dev.zapkv.io.command.IoEngines;
import dev.zapkv.io.command.LifetimeHints;
import java.util.ArrayList;
import java.util.List;

/// Puts together what a directory can do.
final class FileCapabilities {
    private FileCapabilities() {}

    static Capabilities describe(
            final IoEngine engine, final FileDeviceOptions options, final boolean direct, final LifetimeHints hints) {
        final List<Capability> details = new ArrayList<>();
        details.add(IoEngines.capability(engine, options.asyncIo()));
        details.add(new Capability(
                "direct-io",
                direct ? "yes" : "no",
                options.directIo() == DirectIo.OFF ? "option" : "O_DIRECT read of the identity file",
                direct ? "" : "through the page cache"));
        details.add(new Capability("append", "emulated", "by design", "write pointer assigned by the host"));
        details.add(new Capability("durable-append", "yes", "RWF_DSYNC or fdatasync", ""));
        details.addAll(AttributeCapabilities.of(engine, hints, "a file carries none"));
        details.addAll(engine.capabilities());
        return new Capabilities("file", false, true, engine.description(), details);
    }
}
