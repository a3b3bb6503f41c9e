/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// Which zone the next append goes to, and what each zone holds.
module dev.zapkv.zone {
    requires transitive dev.zapkv.io;
    requires org.agrona;

    exports dev.zapkv.zone;
}
