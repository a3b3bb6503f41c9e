/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// The `zapkv` command. One class per command, each thin: it opens the store, calls the public API, and prints.
///
/// Read {@link dev.zapkv.cli.Main} first (commands, exit codes, errors), then {@code StoreCommand} (what every
/// command shares), then {@code EntryFile} (what `load` reads) and {@code ZoneMap} (what `zones` draws). Everything
/// runs on the main thread, but for the timer behind a progress line.
package dev.zapkv.cli;
