package io.penstock.bench.load;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Event;
import io.penstock.device.PinnedMemory;
import io.penstock.device.Stream;
import io.penstock.runtime.checkpoint.ModelTensors;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.runtime.cuda.DevicePlan;
import java.io.IOException;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

class LoadBenchmarkTest {
    private static final ModelConfig DEMO = ModelShapes.named("penstock-demo");

    @TempDir
    private Path folder;

    @Test
    void loadsFromDiskAndFromMemoryAndLeavesNothing() throws IOException {
        List<String> progress = new ArrayList<>();
        try (Device device = new HostDevice()) {
            List<LoadBenchmark.Result> results = new LoadBenchmark(device, DEMO, folder, 1).run(progress::add);
            assertEquals(List.of("cold", "warm"), results.stream().map(LoadBenchmark.Result::name).toList());
            for (LoadBenchmark.Result result : results) {
                assertTrue(result.gbPerSecond() > 0 && result.sourceGbPerSecond() > 0, result.toString());
                assertEquals(result.gbPerSecond() / Math.min(result.sourceGbPerSecond(), result.busGbPerSecond()),
                        result.metrics().get("ofTheSlower"));
            }
        }
        assertEquals(5, progress.size());
        try (var left = Files.list(folder)) {
            assertEquals(List.of(), left.toList());
        }
    }

    /** The tensors of a model are different places of the file, each as large as it should be. */
    @Test
    void theFileHoldsAllTensors() {
        long sizeBytes = DevicePlan.weightsBytes(DEMO);
        try (WeightFile file = new WeightFile(folder, DEMO, sizeBytes)) {
            file.write();
            assertTrue(file.sizeBytes() >= sizeBytes);
            assertEquals(file.sizeBytes(), file.read(true, 3));
            assertEquals(file.sizeBytes(), file.read(false, 2));
            try (ModelTensors tensors = file.open()) {
                short[] embed = tensors.embedTokens().toBf16();
                short[] norm = tensors.embeddingNorm().toBf16();
                assertEquals(DEMO.hiddenSize(), norm.length);
                assertFalse(Arrays.equals(Arrays.copyOf(embed, norm.length), norm), "another place of the file");
                assertArrayEquals(embed, tensors.embedTokens().toBf16(), "the same place each time");
            }
        }
    }

    /** What was queued first is copied first, and an event is done when all before it is. */
    @Test
    void copiesAreInOrder() {
        try (Device device = new HostDevice(); Stream stream = device.createStream("copies");
                PinnedMemory pinned = device.allocatePinned("from", 1 << 20);
                DeviceMemory memory = device.allocate("to", 1 << 20);
                Event done = device.createEvent()) {
            assertTrue(done.isDone(), "nothing was marked");
            pinned.segment().fill((byte) 3);
            stream.copyToDevice(memory, 0, pinned.segment(), 0, 1 << 20);
            stream.fill(memory, 16, 16, (byte) 4);
            stream.copyOnDevice(memory, 64, memory, 16, 16);
            stream.copyToHost(pinned.segment(), 0, memory, 60, 8);
            stream.record(done);
            done.synchronize();
            assertTrue(done.isDone());
            assertEquals(0x0404_0404_0303_0303L, pinned.segment().get(ValueLayout.JAVA_LONG, 0));
        }
    }
}
