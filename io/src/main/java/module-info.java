/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */

/// Zoned devices and the io_uring binding beneath them. Knows nothing of keys.
module dev.zapkv.io {
    exports dev.zapkv.io;
    exports dev.zapkv.io.file;
    exports dev.zapkv.io.nvme;
    exports dev.zapkv.io.sim;
    exports dev.zapkv.io.zbd;
    exports dev.zapkv.io.zonefs;
    exports dev.zapkv.io.linux to
            dev.zapkv.bench;
    exports dev.zapkv.io.uring to
            dev.zapkv.bench;
}
