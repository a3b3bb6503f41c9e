/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv.io.sim;

import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneDeviceContractTest;
import dev.zapkv.io.ZoneGeometry;
import java.util.random.RandomGenerator;
import java.util.random.RandomGeneratorFactory;

/// The contract in memory.
final class SimZoneDeviceTest extends ZoneDeviceContractTest {
    private final RandomGenerator random =
            RandomGeneratorFactory.of("L64X128MixRandom").create(42);
    private SimMedia media;

    @Override
    protected ZoneDevice create(final ZoneGeometry geometry) {
        media = new SimMedia(geometry);
        return reopen();
    }

    @Override
    protected ZoneDevice reopen() {
        return new SimZoneDevice(media, SimOptions.DEFAULT.withQueueDepth(QUEUE_DEPTH), random);
    }
}
