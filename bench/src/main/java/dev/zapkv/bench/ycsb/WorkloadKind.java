/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import java.util.Properties;

/// The phases of a run, in the order YCSB recommends: D comes last because it inserts records. Proportions and
/// distributions are those of YCSB's workload files {@code workloada} to {@code workloadf}.
enum WorkloadKind {
    /// Inserts every record.
    LOAD("load", 0, 0, 1, 0, "zipfian"),
    /// Half reads, half updates.
    A("A", 0.5, 0.5, 0, 0, "zipfian"),
    /// 95 reads to 5 updates.
    B("B", 0.95, 0.05, 0, 0, "zipfian"),
    /// Reads only.
    C("C", 1, 0, 0, 0, "zipfian"),
    /// Half reads, half read-modify-writes.
    F("F", 0.5, 0, 0, 0.5, "zipfian"),
    /// 95 reads of what was inserted lately to 5 inserts.
    D("D", 0.95, 0, 0.05, 0, "latest");

    private final String label;
    private final double readProportion;
    private final double updateProportion;
    private final double insertProportion;
    private final double readModifyWriteProportion;
    private final String requestDistribution;

    WorkloadKind(
            final String label,
            final double readProportion,
            final double updateProportion,
            final double insertProportion,
            final double readModifyWriteProportion,
            final String requestDistribution) {
        this.label = label;
        this.readProportion = readProportion;
        this.updateProportion = updateProportion;
        this.insertProportion = insertProportion;
        this.readModifyWriteProportion = readModifyWriteProportion;
        this.requestDistribution = requestDistribution;
    }

    static WorkloadKind named(final String name) {
        for (final WorkloadKind kind : values()) {
            if (kind.label.equalsIgnoreCase(name)) {
                return kind;
            }
        }
        throw new IllegalArgumentException("no workload is called '" + name + "'; known: load, A, B, C, F, D");
    }

    /// What {@code CoreWorkload} is initialised with.
    Properties properties(final long records, final long operations, final int valueSize) {
        final Properties properties = new Properties();
        properties.setProperty("workload", "site.ycsb.workloads.CoreWorkload");
        properties.setProperty("recordcount", Long.toString(records));
        properties.setProperty("operationcount", Long.toString(operations));
        properties.setProperty("readallfields", "true");
        properties.setProperty("writeallfields", "true");
        properties.setProperty("readproportion", Double.toString(readProportion));
        properties.setProperty("updateproportion", Double.toString(updateProportion));
        properties.setProperty("scanproportion", "0");
        properties.setProperty("insertproportion", Double.toString(insertProportion));
        properties.setProperty("readmodifywriteproportion", Double.toString(readModifyWriteProportion));
        properties.setProperty("requestdistribution", requestDistribution);
        properties.setProperty("insertorder", "hashed");
        properties.setProperty("fieldcount", "1");
        properties.setProperty("fieldlength", Integer.toString(valueSize));
        return properties;
    }

    /// Share of operations that write, to estimate what a run puts on disk.
    double writeShare() {
        return updateProportion + insertProportion + readModifyWriteProportion;
    }

    /// Share of operations that add a record.
    double insertShare() {
        return insertProportion;
    }

    /// The name on the command line and in reports.
    @Override
    public String toString() {
        return label;
    }
}
