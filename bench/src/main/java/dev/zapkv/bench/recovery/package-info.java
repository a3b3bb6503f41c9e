/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// How long an engine takes to open after a clean close and after being killed. The parent ({@link
/// dev.zapkv.bench.recovery.RecoveryCommand}) lets child JVMs ({@link dev.zapkv.bench.recovery.RecoveryChild}) fill,
/// overwrite and open one database, and kills them when it is time.
package dev.zapkv.bench.recovery;
