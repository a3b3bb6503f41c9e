/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// The metadata stream: two zones used alternately, each holding complete images, newest last. Belongs to the I/O
/// agent.
package dev.zapkv.store.meta;
