/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.peer;

import org.rocksdb.BlockBasedTableConfig;
import org.rocksdb.BloomFilter;
import org.rocksdb.Cache;
import org.rocksdb.CompressionType;
import org.rocksdb.DataBlockIndexType;
import org.rocksdb.InfoLogLevel;
import org.rocksdb.LRUCache;
import org.rocksdb.Options;

/// RocksDB's options as a production user with point reads, incompressible values and this memory budget would set
/// them. Each setting and its reason is in {@code docs/benchmarks.md}.
final class RocksSettings implements AutoCloseable {
    private static final long MIB = 1L << 20;
    private static final int WRITE_BUFFERS = 4;
    private static final long LARGEST_WRITE_BUFFER = 64 * MIB;
    private static final int BLOOM_BITS_PER_KEY = 10;
    private static final double MEMTABLE_BLOOM_RATIO = 0.02;
    private static final long MIN_BLOB_BYTES = 256;

    private final Cache blockCache;
    private final BloomFilter bloomFilter;
    private final Options options;

    RocksSettings(final EngineConfig config, final boolean blobFiles) {
        final long writeBufferBytes = writeBufferBytes(config.memoryBytes());
        blockCache = new LRUCache(config.memoryBytes() - WRITE_BUFFERS * writeBufferBytes);
        bloomFilter = new BloomFilter(BLOOM_BITS_PER_KEY, false);
        options = new Options();
        options.setCreateIfMissing(true)
                .setInfoLogLevel(InfoLogLevel.WARN_LEVEL)
                .setMaxBackgroundJobs(Math.max(2, Runtime.getRuntime().availableProcessors()))
                .setBytesPerSync(MIB)
                .setWriteBufferSize(writeBufferBytes)
                .setMaxWriteBufferNumber(WRITE_BUFFERS)
                .setMemtablePrefixBloomSizeRatio(MEMTABLE_BLOOM_RATIO)
                .setMemtableWholeKeyFiltering(true)
                .setMaxBytesForLevelBase(WRITE_BUFFERS * writeBufferBytes)
                .setLevelCompactionDynamicLevelBytes(true)
                .setCompressionType(CompressionType.NO_COMPRESSION)
                .setTableFormatConfig(tables());
        if (blobFiles) {
            options.setEnableBlobFiles(true)
                    .setMinBlobSize(MIN_BLOB_BYTES)
                    .setBlobCompressionType(CompressionType.NO_COMPRESSION)
                    .setEnableBlobGarbageCollection(true);
        }
    }

    /// At most an eighth of the budget for each of the write buffers, so that at least half is left for the block
    /// cache.
    static long writeBufferBytes(final long memoryBytes) {
        return Math.min(LARGEST_WRITE_BUFFER, memoryBytes / (2 * WRITE_BUFFERS));
    }

    private BlockBasedTableConfig tables() {
        return new BlockBasedTableConfig()
                .setBlockCache(blockCache)
                .setFilterPolicy(bloomFilter)
                .setWholeKeyFiltering(true)
                .setCacheIndexAndFilterBlocks(true)
                .setCacheIndexAndFilterBlocksWithHighPriority(true)
                .setPinL0FilterAndIndexBlocksInCache(true)
                .setDataBlockIndexType(DataBlockIndexType.kDataBlockBinaryAndHash);
    }

    Options options() {
        return options;
    }

    @Override
    public void close() {
        options.close();
        bloomFilter.close();
        blockCache.close();
    }
}
