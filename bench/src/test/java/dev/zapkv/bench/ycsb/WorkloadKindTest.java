/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.bench.ycsb;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.IOException;
import java.io.StringReader;
import java.util.List;
import java.util.Properties;
import org.junit.jupiter.api.Test;

class WorkloadKindTest {
    private static final String WORKLOAD_A = """
            recordcount=1000
            operationcount=1000
            workload=site.ycsb.workloads.CoreWorkload
            readallfields=true
            readproportion=0.5
            updateproportion=0.5
            scanproportion=0
            insertproportion=0
            requestdistribution=zipfian
            """;
    private static final String WORKLOAD_B = """
            recordcount=1000
            operationcount=1000
            workload=site.ycsb.workloads.CoreWorkload
            readallfields=true
            readproportion=0.95
            updateproportion=0.05
            scanproportion=0
            insertproportion=0
            requestdistribution=zipfian
            """;
    private static final String WORKLOAD_C = """
            recordcount=1000
            operationcount=1000
            workload=site.ycsb.workloads.CoreWorkload
            readallfields=true
            readproportion=1
            updateproportion=0
            scanproportion=0
            insertproportion=0
            requestdistribution=zipfian
            """;
    private static final String WORKLOAD_D = """
            recordcount=1000
            operationcount=1000
            workload=site.ycsb.workloads.CoreWorkload
            readallfields=true
            readproportion=0.95
            updateproportion=0
            scanproportion=0
            insertproportion=0.05
            requestdistribution=latest
            """;
    private static final String WORKLOAD_F = """
            recordcount=1000
            operationcount=1000
            workload=site.ycsb.workloads.CoreWorkload
            readallfields=true
            readproportion=0.5
            updateproportion=0
            scanproportion=0
            insertproportion=0
            readmodifywriteproportion=0.5
            requestdistribution=zipfian
            """;

    @Test
    void shouldEqualTheWorkloadFilesOfYcsb() throws IOException {
        assertPublished(WORKLOAD_A, WorkloadKind.A);
        assertPublished(WORKLOAD_B, WorkloadKind.B);
        assertPublished(WORKLOAD_C, WorkloadKind.C);
        assertPublished(WORKLOAD_D, WorkloadKind.D);
        assertPublished(WORKLOAD_F, WorkloadKind.F);
    }

    @Test
    void shouldMakeValuesOfExactlyTheSizeAskedFor() {
        final Properties properties = WorkloadKind.A.properties(10, 20, 777);
        assertEquals("1", properties.getProperty("fieldcount"));
        assertEquals("777", properties.getProperty("fieldlength"));
        assertEquals("hashed", properties.getProperty("insertorder"));
    }

    @Test
    void shouldRunInYcsbsRecommendedOrder() {
        assertEquals("[load, A, B, C, F, D]", List.of(WorkloadKind.values()).toString());
    }

    private static void assertPublished(final String file, final WorkloadKind kind) throws IOException {
        final Properties published = new Properties();
        published.load(new StringReader(file));
        final Properties ours = kind.properties(1000, 1000, 1000);
        for (final String name : published.stringPropertyNames()) {
            assertEquals(
                    normalised(published.getProperty(name)), normalised(ours.getProperty(name)), kind + " " + name);
        }
        if (!published.containsKey("readmodifywriteproportion")) {
            assertEquals("0.0", ours.getProperty("readmodifywriteproportion"), kind.toString());
        }
    }

    private static String normalised(final String value) {
        return value.matches("[0-9.]+") ? Double.toString(Double.parseDouble(value)) : value;
    }
}
