/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.peer;

import java.nio.file.Path;

/// What an engine is opened with.
///
/// @param directory   an empty or missing directory for its data
/// @param memoryBytes budget for everything the engine keeps in memory by choice: index, caches, write buffers
/// @param durability  what a write has survived when it returns
public record EngineConfig(Path directory, long memoryBytes, DurabilityLevel durability) {}
