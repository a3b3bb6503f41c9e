/* Copyright ZapKV authors. SPDX-License-Identifier: Apache-2.0 */
package dev.zapkv;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import dev.zapkv.io.CompletionHandler;
import dev.zapkv.io.IoBuffer;
import dev.zapkv.io.ZoneDevice;
import dev.zapkv.io.ZoneGeometry;
import dev.zapkv.io.sim.SimMedia;
import dev.zapkv.io.sim.SimOptions;
import dev.zapkv.io.sim.SimZoneDevice;
import java.lang.reflect.InvocationTargetException;
import java.lang.reflect.Proxy;
import java.nio.ByteBuffer;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/// Appends to one zone complete in another order than they were submitted, some fail, and the store is right all the
/// same.
class OutOfOrderAppendTest {
    private static final ZoneGeometry GEOMETRY = new ZoneGeometry(4096, 4 << 20, 4 << 20, 24, 0, 0, 128 << 10);

    @TempDir
    private Path staging;

    private final Map<Long, Integer> zoneOfToken = new HashMap<>();
    private final Map<Integer, List<Long>> submitted = new HashMap<>();
    private int overtaken;
    private int failed;

    @ParameterizedTest
    @ValueSource(longs = {1, 2, 3, 4})
    void shouldIndexWhatLandedWhereverItLanded(final long seed) {
        final SimMedia media = new SimMedia(GEOMETRY);
        final Map<ByteBuffer, byte[]> model = new HashMap<>();
        final SimOptions options =
                SimOptions.DEFAULT.withDelayPollsMax(6).withAppendFailures(seed % 2 == 0 ? 1 : 0, 20);
        for (int life = 0; life < 2; life++) {
            final SplittableRandom random = new SplittableRandom(seed * 31 + life);
            final SimZoneDevice device = new SimZoneDevice(media, options, random.split());
            try (ZapKv store = ZapKv.open(new Context()
                    .device(observed(device))
                    .stagingDirectory(staging)
                    .memoryBytes(32 << 20)
                    .threaded(true))) {
                TestData.assertHolds(model, store, "seed " + seed + " life " + life + " opened");
                for (int i = 0; i < 30_000; i++) {
                    final int id = random.nextInt(12_000);
                    final byte[] value = TestData.value(id, i, random.nextInt(1500));
                    store.put(TestData.key(id), value);
                    model.put(ByteBuffer.wrap(TestData.key(id)), value);
                }
                store.flush();
                TestData.assertHolds(model, store, "seed " + seed + " life " + life + " written");
            }
        }
        assertTrue(overtaken > 10, "seed " + seed + ": only " + overtaken + " appends overtook another");
        assertEquals(seed % 2 == 0, failed > 0, "seed " + seed + ": failed appends");
    }

    /// The device, noting the order of submissions and completions of each zone's appends.
    private ZoneDevice observed(final ZoneDevice device) {
        return (ZoneDevice) Proxy.newProxyInstance(
                ZoneDevice.class.getClassLoader(), new Class<?>[] {ZoneDevice.class}, (proxy, method, arguments) -> {
                    try {
                        if (method.getName().equals("poll") || method.getName().equals("await")) {
                            arguments[0] = observed((CompletionHandler) arguments[0]);
                        }
                        final Object result = method.invoke(device, arguments);
                        if (method.getName().equals("append") && (boolean) result) {
                            final int zone = (int) arguments[0];
                            final long token = (long) arguments[5];
                            assertTrue(arguments[1] instanceof IoBuffer);
                            zoneOfToken.put(token, zone);
                            submitted
                                    .computeIfAbsent(zone, z -> new ArrayList<>())
                                    .add(token);
                        }
                        return result;
                    } catch (final InvocationTargetException e) {
                        throw e.getCause();
                    }
                });
    }

    private CompletionHandler observed(final CompletionHandler handler) {
        return new CompletionHandler() {
            @Override
            public void onResult(final long token, final long result, final int honoured) {
                final Integer zone = zoneOfToken.remove(token);
                if (zone != null) {
                    failed += result < 0 ? 1 : 0;
                    final List<Long> waiting = submitted.get(zone);
                    overtaken += waiting.getFirst() != token ? 1 : 0;
                    waiting.remove(token);
                }
                handler.onResult(token, result, honoured);
            }

            @Override
            public void onBufferReleased(final long token, final boolean bounceCopy) {
                handler.onBufferReleased(token, bounceCopy);
            }
        };
    }
}
