/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// The metadata stream: complete images, in two zones used alternately, or in place in conventional zones. Belongs to
/// the I/O agent.
package dev.zapkv.store.meta;
