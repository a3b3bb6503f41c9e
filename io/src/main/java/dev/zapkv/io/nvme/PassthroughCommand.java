/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.nvme;

import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/// Flyweight over {@code struct nvme_passthru_cmd64} (ioctl, 80 bytes), whose first 72 bytes are {@code struct
/// nvme_uring_cmd}; native byte order.
///
/// | offset | type | field | meaning |
/// |---:|---|---|---|
/// | 0 | u8 | opcode | {@code OP_…} |
/// | 1 | u8 | flags | zero |
/// | 2 | u16 | rsvd1 | zero |
/// | 4 | u32 | nsid | namespace |
/// | 8 | u32[2] | cdw2, cdw3 | zero here |
/// | 16 | u64 | metadata | zero here |
/// | 24 | u64 | addr | memory address |
/// | 32 | u32 | metadata_len | zero here |
/// | 36 | u32 | data_len | bytes |
/// | 40 | u32[6] | cdw10 to cdw15 | by command |
/// | 64 | u32 | timeout_ms | zero: the driver's |
/// | 68 | u32 | rsvd2 | zero |
/// | 72 | u64 | result | ioctl only, out |
///
/// The kernel compares {@code data_len} with the number of blocks in cdw12 nowhere: a drive that moves more than
/// there is memory for would overwrite something else. Both come from one argument here.
final class PassthroughCommand {
    /// Bytes a ring takes.
    static final int LENGTH_RING = 72;
    /// Bytes the ioctl takes and fills.
    static final int LENGTH = 80;

    static final int OP_FLUSH = 0x00;
    static final int OP_READ = 0x02;
    static final int OP_IDENTIFY = 0x06;
    static final int OP_ZONE_SEND = 0x79;
    static final int OP_ZONE_RECEIVE = 0x7A;
    static final int OP_ZONE_APPEND = 0x7D;

    static final int ZONE_CLOSE = 1;
    static final int ZONE_FINISH = 2;
    static final int ZONE_OPEN = 3;
    static final int ZONE_RESET = 4;

    /// The command set of zoned namespaces.
    static final int CSI_ZONED = 2;

    static final int BLOCKS_MAX = 1 << 16;

    private static final int OPCODE_OFFSET = 0;
    private static final int NSID_OFFSET = 4;
    private static final int ADDR_OFFSET = 24;
    private static final int DATA_LEN_OFFSET = 36;
    private static final int CDW10_OFFSET = 40;
    private static final int CDW12_OFFSET = 48;
    private static final int CDW13_OFFSET = 52;
    private static final int CDW11_OFFSET = 44;
    private static final int RESULT_OFFSET = 72;
    private static final int FUA = 1 << 30;
    private static final int PARTIAL_REPORT = 1 << 16;

    private MemorySegment memory;
    private long offset;

    /// Moves the view.
    PassthroughCommand wrap(final MemorySegment newMemory, final long newOffset) {
        memory = newMemory;
        offset = newOffset;
        return this;
    }

    /// Where the command lies.
    long address() {
        return memory.address() + offset;
    }

    /// What the ioctl returned besides the status: the address of an append, in blocks.
    long result() {
        return memory.get(ValueLayout.JAVA_LONG, offset + RESULT_OFFSET);
    }

    int opcode() {
        return Byte.toUnsignedInt(memory.get(ValueLayout.JAVA_BYTE, offset + OPCODE_OFFSET));
    }

    int nsid() {
        return getInt(NSID_OFFSET);
    }

    long dataAddress() {
        return memory.get(ValueLayout.JAVA_LONG, offset + ADDR_OFFSET);
    }

    int dataLength() {
        return getInt(DATA_LEN_OFFSET);
    }

    long startBlock() {
        return memory.get(ValueLayout.JAVA_LONG, offset + CDW10_OFFSET);
    }

    int cdw10() {
        return getInt(CDW10_OFFSET);
    }

    int cdw11() {
        return getInt(CDW11_OFFSET);
    }

    int cdw13() {
        return getInt(CDW13_OFFSET);
    }

    /// Zone Append.
    ///
    /// @param zoneBlock  first block of the zone
    /// @param length     bytes, a multiple of the block
    /// @param blockShift logarithm of the block's bytes
    /// @param durable    force unit access
    PassthroughCommand append(
            final int nsid,
            final long zoneBlock,
            final long address,
            final int length,
            final int blockShift,
            final boolean durable) {
        return transfer(OP_ZONE_APPEND, nsid, zoneBlock, address, length, blockShift, durable ? FUA : 0);
    }

    /// Read.
    PassthroughCommand read(
            final int nsid, final long block, final long address, final int length, final int blockShift) {
        return transfer(OP_READ, nsid, block, address, length, blockShift, 0);
    }

    private PassthroughCommand transfer(
            final int opcode,
            final int nsid,
            final long block,
            final long address,
            final int length,
            final int blockShift,
            final int flags) {
        final int blocks = length >>> blockShift;
        if (blocks < 1 || blocks > BLOCKS_MAX || blocks << blockShift != length) {
            throw new IllegalArgumentException(
                    "length=" + length + " is not 1 to " + BLOCKS_MAX + " blocks of " + (1 << blockShift));
        }
        clear(opcode, nsid);
        data(address, length);
        memory.set(ValueLayout.JAVA_LONG, offset + CDW10_OFFSET, block);
        setInt(CDW12_OFFSET, (blocks - 1) | flags);
        return this;
    }

    /// Flush.
    PassthroughCommand flush(final int nsid) {
        return clear(OP_FLUSH, nsid);
    }

    /// Zone Management Send.
    ///
    /// @param zoneBlock first block of the zone
    /// @param action    {@code ZONE_…}
    PassthroughCommand zoneSend(final int nsid, final long zoneBlock, final int action) {
        clear(OP_ZONE_SEND, nsid);
        memory.set(ValueLayout.JAVA_LONG, offset + CDW10_OFFSET, zoneBlock);
        setInt(CDW13_OFFSET, action);
        return this;
    }

    /// Zone Management Receive: a report of zones from one on.
    ///
    /// @param length  bytes of the report, a multiple of 4
    /// @param partial whether the header counts the descriptors returned, instead of all zones from there on
    PassthroughCommand zoneReport(
            final int nsid, final long zoneBlock, final long address, final int length, final boolean partial) {
        clear(OP_ZONE_RECEIVE, nsid);
        data(address, length);
        memory.set(ValueLayout.JAVA_LONG, offset + CDW10_OFFSET, zoneBlock);
        setInt(CDW12_OFFSET, length / Integer.BYTES - 1);
        setInt(CDW13_OFFSET, partial ? PARTIAL_REPORT : 0);
        return this;
    }

    /// Identify, an admin command.
    ///
    /// @param structure which structure (CNS)
    /// @param csi       command set
    PassthroughCommand identify(final int nsid, final int structure, final int csi, final long address) {
        clear(OP_IDENTIFY, nsid);
        data(address, Identify.LENGTH);
        setInt(CDW10_OFFSET, structure);
        setInt(CDW11_OFFSET, csi << 24);
        return this;
    }

    private PassthroughCommand clear(final int opcode, final int nsid) {
        for (int i = 0; i < LENGTH; i += Long.BYTES) {
            memory.set(ValueLayout.JAVA_LONG, offset + i, 0L);
        }
        memory.set(ValueLayout.JAVA_BYTE, offset + OPCODE_OFFSET, (byte) opcode);
        setInt(NSID_OFFSET, nsid);
        return this;
    }

    private void data(final long address, final int length) {
        memory.set(ValueLayout.JAVA_LONG, offset + ADDR_OFFSET, address);
        setInt(DATA_LEN_OFFSET, length);
    }

    private int getInt(final int field) {
        return memory.get(ValueLayout.JAVA_INT, offset + field);
    }

    private void setInt(final int field, final int value) {
        memory.set(ValueLayout.JAVA_INT, offset + field, value);
    }
}
