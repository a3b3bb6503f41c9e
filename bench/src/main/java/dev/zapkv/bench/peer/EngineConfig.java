/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.peer;

import dev.zapkv.Durability;
import java.nio.file.Path;

/// What an engine is opened with.
///
/// @param directory    an empty or missing directory for its data
/// @param drive        a zoned drive to use instead of the directory, or null
/// @param sharedMemory a directory in shared memory for an engine that wants one, or null
/// @param memoryBytes  budget for everything the engine keeps in memory by choice: index, caches, write buffers
/// @param durability   what a write has survived when it returns
public record EngineConfig(Path directory, Drive drive, Path sharedMemory, long memoryBytes, Durability durability) {}
