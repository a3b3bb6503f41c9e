/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// Zone accounting and allocation. {@link dev.zapkv.zone.ZoneTable} holds what is known of each zone (written, live,
/// generation, horizon); {@link dev.zapkv.zone.ZoneAllocator} hands out zones to {@link dev.zapkv.zone.Stream}s,
/// keeps a reserve for garbage collection, and never lets an append run over a zone's capacity. Knows nothing of
/// records or keys.
///
/// Threads: the allocator belongs to the I/O agent; live bytes may be changed by any thread. Read {@code ZoneTable}
/// first.
package dev.zapkv.zone;
