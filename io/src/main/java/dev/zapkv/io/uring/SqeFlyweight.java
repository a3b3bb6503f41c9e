/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.uring;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Flyweight over one submission entry, {@code struct io_uring_sqe}, native byte order.
///
/// | offset | type | field | meaning |
/// |---:|---|---|---|
/// | 0 | u8 | opcode | {@code OP_…} |
/// | 1 | u8 | flags | {@code FLAG_…} |
/// | 2 | u16 | ioprio | priority class << 13 \| level |
/// | 4 | s32 | fd | descriptor, or index with FLAG_FIXED_FILE |
/// | 8 | u64 | off | file offset |
/// | 16 | u64 | addr | memory address |
/// | 24 | u32 | len | bytes |
/// | 28 | u32 | op_flags | {@code RWF_…}, {@code FSYNC_…} |
/// | 32 | u64 | user_data | handed back by the completion |
/// | 40 | u16 | buf_index | registered buffer |
/// | 42 | u16 | personality | zero here |
/// | 44 | u32 | file_index | zero here |
/// | 48 | u64 | addr3 | zero here |
/// | 56 | u64 | pad | zero |
/// | 48 | u8[80] | cmd | OP_URING_CMD in an entry of 128 bytes: the command of the driver |
///
/// Fields a command does not know must be zero; {@link #clear} comes first. OP_URING_CMD keeps its operation in
/// {@code off} (u32, the upper half is zero) and its flags in {@code op_flags}.
public final class SqeFlyweight {
    /// Bytes of an entry.
    public static final int LENGTH = 64;
    /// Bytes of a big entry, {@link RingParams#SETUP_SQE128}.
    public static final int LENGTH_BIG = 128;
    /// Bytes for the command of a driver in a big entry.
    public static final int COMMAND_LENGTH = 80;

    /// Nothing.
    public static final int OP_NOP = 0;
    /// {@code fsync}.
    public static final int OP_FSYNC = 3;
    /// Read into a registered buffer.
    public static final int OP_READ_FIXED = 4;
    /// Write from a registered buffer.
    public static final int OP_WRITE_FIXED = 5;
    /// Cancel by user_data.
    public static final int OP_ASYNC_CANCEL = 14;
    /// Positional read.
    public static final int OP_READ = 22;
    /// Positional write.
    public static final int OP_WRITE = 23;
    /// A command of the file's driver (5.19).
    public static final int OP_URING_CMD = 46;

    /// {@code fd} is an index into the registered files.
    public static final int FLAG_FIXED_FILE = 1;

    /// The write is durable when it completes.
    public static final int RWF_DSYNC = 2;
    /// {@code fdatasync} instead of {@code fsync}.
    public static final int FSYNC_DATASYNC = 1;

    /// A command of OP_URING_CMD uses a registered buffer (6.1).
    public static final int URING_CMD_FIXED = 1;

    static final int OPCODE_OFFSET = 0;
    static final int FLAGS_OFFSET = OPCODE_OFFSET + Byte.BYTES;
    static final int IOPRIO_OFFSET = FLAGS_OFFSET + Byte.BYTES;
    static final int FD_OFFSET = IOPRIO_OFFSET + Short.BYTES;
    static final int OFF_OFFSET = FD_OFFSET + Integer.BYTES;
    static final int ADDR_OFFSET = OFF_OFFSET + Long.BYTES;
    static final int LEN_OFFSET = ADDR_OFFSET + Long.BYTES;
    static final int OP_FLAGS_OFFSET = LEN_OFFSET + Integer.BYTES;
    static final int USER_DATA_OFFSET = OP_FLAGS_OFFSET + Integer.BYTES;
    static final int BUF_INDEX_OFFSET = USER_DATA_OFFSET + Long.BYTES;
    static final int COMMAND_OFFSET = BUF_INDEX_OFFSET + 2 * Short.BYTES + Integer.BYTES;

    private MemorySegment memory;
    private long offset;

    /// Moves the view.
    public SqeFlyweight wrap(final MemorySegment memory, final long offset) {
        this.memory = memory;
        this.offset = offset;
        return this;
    }

    /// Zeroes a whole entry of {@link #LENGTH} bytes.
    public SqeFlyweight clear() {
        return clear(LENGTH);
    }

    /// Zeroes a whole entry.
    SqeFlyweight clear(final int length) {
        for (int i = 0; i < length; i += Long.BYTES) {
            memory.set(ValueLayout.JAVA_LONG, offset + i, 0L);
        }
        return this;
    }

    /// Sets the command.
    public SqeFlyweight opcode(final int opcode) {
        memory.set(ValueLayout.JAVA_BYTE, offset + OPCODE_OFFSET, (byte) opcode);
        return this;
    }

    /// Sets the entry's flags.
    public SqeFlyweight flags(final int flags) {
        memory.set(ValueLayout.JAVA_BYTE, offset + FLAGS_OFFSET, (byte) flags);
        return this;
    }

    /// Sets the priority.
    public SqeFlyweight ioprio(final int ioprio) {
        memory.set(ValueLayout.JAVA_SHORT, offset + IOPRIO_OFFSET, (short) ioprio);
        return this;
    }

    /// Sets the descriptor, or the index of a registered file.
    public SqeFlyweight fd(final int fd) {
        memory.set(ValueLayout.JAVA_INT, offset + FD_OFFSET, fd);
        return this;
    }

    /// Sets the file offset.
    public SqeFlyweight off(final long off) {
        memory.set(ValueLayout.JAVA_LONG, offset + OFF_OFFSET, off);
        return this;
    }

    /// Sets the memory address.
    public SqeFlyweight addr(final long addr) {
        memory.set(ValueLayout.JAVA_LONG, offset + ADDR_OFFSET, addr);
        return this;
    }

    /// Sets the length in bytes.
    public SqeFlyweight len(final int len) {
        memory.set(ValueLayout.JAVA_INT, offset + LEN_OFFSET, len);
        return this;
    }

    /// Sets the flags of the command.
    public SqeFlyweight opFlags(final int flags) {
        memory.set(ValueLayout.JAVA_INT, offset + OP_FLAGS_OFFSET, flags);
        return this;
    }

    /// Sets what the completion hands back.
    public SqeFlyweight userData(final long userData) {
        memory.set(ValueLayout.JAVA_LONG, offset + USER_DATA_OFFSET, userData);
        return this;
    }

    /// Sets the operation of {@link #OP_URING_CMD}.
    public SqeFlyweight commandOperation(final int operation) {
        return off(Integer.toUnsignedLong(operation));
    }

    /// Copies a driver's command into a big entry.
    ///
    /// @param length bytes, at most {@link #COMMAND_LENGTH}
    public SqeFlyweight command(final MemorySegment source, final long sourceOffset, final int length) {
        if (length > COMMAND_LENGTH) {
            throw new IllegalArgumentException("a command of " + length + " bytes exceeds " + COMMAND_LENGTH);
        }
        MemorySegment.copy(source, sourceOffset, memory, offset + COMMAND_OFFSET, length);
        return this;
    }

    /// Sets the registered buffer.
    public SqeFlyweight bufIndex(final int index) {
        memory.set(ValueLayout.JAVA_SHORT, offset + BUF_INDEX_OFFSET, (short) index);
        return this;
    }
}
