/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// What garbage collection needs of the store, and what the store needs of garbage collection. Internal: exported to
/// the {@code compaction} module alone. Everything here runs on the I/O agent.
package dev.zapkv.store.spi;
