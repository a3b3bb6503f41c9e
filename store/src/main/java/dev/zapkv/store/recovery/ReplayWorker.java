/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.store.recovery;

import dev.zapkv.io.ZoneInfo;
import dev.zapkv.store.format.BlockFormat;
import dev.zapkv.zone.Stream;
import java.util.ArrayList;
import java.util.List;
import java.util.function.BooleanSupplier;
import java.util.function.Supplier;

/// One thread's part of a replay: takes zones as long as there are any, and keeps what it finds. Pauses when
/// there is no room for more.
final class ReplayWorker implements AutoCloseable {
    private final ZoneScan scan;
    private final BlockReader reader;
    private final CountingRules rules;
    private final ReplayAccounts accounts;
    private final BooleanSupplier stopped;
    private final Stream[] streams;
    private final List<UnsettledBlock> unsettled = new ArrayList<>();
    private int zone;
    private long highestHostBlock;
    private long highestGcBlock;
    private long blocks;
    private long voidBlocks;

    /// A zone to read.
    ///
    /// @param from       offset of the first byte of interest
    /// @param generation the zone's present one
    record Zone(ZoneInfo info, long from, int generation) {}

    /// @param stopped whether there is no use in going on
    /// @param streams told the streams of zones, but for that of the host
    ReplayWorker(
            final ZoneScan scan,
            final BlockReader reader,
            final CountingRules rules,
            final ReplayAccounts accounts,
            final BooleanSupplier stopped,
            final Stream[] streams) {
        this.scan = scan;
        this.reader = reader;
        this.rules = rules;
        this.accounts = accounts;
        this.stopped = stopped;
        this.streams = streams;
    }

    /// Reads zones, and keeps the records of blocks that count or may count.
    ///
    /// @param zones hands out zones; null when there are no more
    /// @return false if it has to go on when there is room again
    boolean readZones(final Supplier<Zone> zones) {
        while (reader.read()) {
            while (!scan.next()) {
                final Zone next = stopped.getAsBoolean() ? null : zones.get();
                if (next == null) {
                    return true;
                }
                zone = next.info().zone();
                scan.begin(next.info(), next.from(), next.generation());
            }
            judge();
        }
        return false;
    }

    private void judge() {
        final long number = BlockFormat.blockNumber(scan.memory(), scan.offset());
        final long horizon = BlockFormat.horizon(scan.memory(), scan.offset());
        final Stream stream = Stream.ofCode(BlockFormat.streamCode(scan.memory(), scan.offset()));
        if (stream == Stream.HOST) {
            highestHostBlock = Math.max(highestHostBlock, number);
            if (rules.isVoid(number)) {
                voidBlocks++;
            } else if (rules.isSettled(number)) {
                count(horizon);
                reader.begin(scan);
            } else {
                unsettled.add(new UnsettledBlock(number, zone, horizon, scan.address()));
                reader.begin(scan);
            }
        } else if (stream == Stream.GC) {
            streams[zone] = stream;
            highestGcBlock = Math.max(highestGcBlock, number);
            count(horizon);
            reader.begin(scan);
        } else if (stream == Stream.CHECKPOINT) {
            streams[zone] = stream;
            scan.leave();
        }
    }

    private void count(final long horizon) {
        blocks++;
        accounts.lowerHorizon(zone, horizon);
    }

    ReplayAccounts accounts() {
        return accounts;
    }

    /// Host blocks behind the settled one.
    List<UnsettledBlock> unsettled() {
        return unsettled;
    }

    long highestHostBlock() {
        return Math.max(highestHostBlock, reader.highestBlock());
    }

    long highestGcBlock() {
        return highestGcBlock;
    }

    long records() {
        return reader.records();
    }

    /// Blocks that count, but for host blocks behind the settled one.
    long blocks() {
        return blocks;
    }

    DiscardedBlocks discarded() {
        return new DiscardedBlocks(
                voidBlocks, 0, scan.otherGenerations(), scan.damagedBlocks(), reader.damagedRecords());
    }

    long bytesRead() {
        return scan.bytesRead();
    }

    @Override
    public void close() {
        scan.close();
    }
}
