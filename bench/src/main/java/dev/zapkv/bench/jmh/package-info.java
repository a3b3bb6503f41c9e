/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// JMH benchmarks of the pieces that decide the speed, one class for each question, started by
/// {@link dev.zapkv.bench.jmh.JmhCommand}. A baseline stands beside what would otherwise measure mostly the loop around
/// it.
package dev.zapkv.bench.jmh;
