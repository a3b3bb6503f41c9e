/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// The `zapkv` command: looks into a closed store and moves entries in and out of it.
module dev.zapkv.cli {
    requires dev.zapkv;
    requires info.picocli;
    requires com.fasterxml.jackson.core;

    exports dev.zapkv.cli;

    opens dev.zapkv.cli to
            info.picocli;
}
