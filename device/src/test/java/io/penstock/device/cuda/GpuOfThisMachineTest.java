package io.penstock.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;
import static org.junit.jupiter.api.DynamicTest.dynamicTest;

import io.penstock.device.Device;
import io.penstock.device.DeviceException;
import io.penstock.device.DeviceMemory;
import io.penstock.device.DeviceProbe;
import io.penstock.device.Event;
import io.penstock.device.Gemm;
import io.penstock.device.Graph;
import io.penstock.device.Kernel;
import io.penstock.device.KernelArgs;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.function.Consumer;
import org.junit.jupiter.api.DynamicTest;
import org.junit.jupiter.api.Tag;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.TestFactory;

/** The ports on a real GPU, on machines that have one; elsewhere there is only what the PTX compiler says. */
@Tag("gpu")
class GpuOfThisMachineTest {
    private static final int NUM_VALUES = 1003;
    private static final long NUM_BYTES = 4L * NUM_VALUES;

    @Test
    void kernelCompiles() {
        for (String architecture : List.of("sm_80", "sm_89", "sm_90a")) {
            PtxCompilation compilation = PtxCompiler.compile(PtxTexts.SCALE, architecture);
            assertTrue(compilation.isAccepted(), compilation::errorLog);
            assertEquals(List.of(), compilation.notes());
        }
        for (String ptx : List.of(PtxTexts.CHAIN, PtxTexts.WAITING)) {
            assertTrue(PtxCompiler.compile(ptx, "sm_90").isAccepted());
        }
    }

    @TestFactory
    List<DynamicTest> onTheGpu() {
        List<DynamicTest> tests = new ArrayList<>();
        if (CudaDevices.probe(0, 0) instanceof DeviceProbe.Available) {
            add(tests, "scaledEagerlyAndByGraph", GpuOfThisMachineTest::scaledEagerlyAndByGraph);
            add(tests, "chainedEarlyAndByGraph", GpuOfThisMachineTest::chainedEarlyAndByGraph);
            add(tests, "pinnedBeyondTwoGibibytes", GpuOfThisMachineTest::pinnedBeyondTwoGibibytes);
            add(tests, "refusals", GpuOfThisMachineTest::refusals);
            add(tests, "product", GpuOfThisMachineTest::product);
        }
        return tests;
    }

    private static void add(List<DynamicTest> tests, String name, Consumer<Device> test) {
        tests.add(dynamicTest(name, () -> {
            try (Device device = CudaDevices.open(0)) {
                test.accept(device);
            }
        }));
    }

    private static void scaledEagerlyAndByGraph(Device device) {
        MemorySegment host = device.allocatePinned("values", NUM_BYTES).segment();
        for (int i = 0; i < NUM_VALUES; i++) {
            host.setAtIndex(ValueLayout.JAVA_FLOAT, i, i);
        }
        DeviceMemory memory = device.allocate("values", NUM_BYTES);
        Kernel kernel = device.loadModule("scale", PtxTexts.SCALE).kernel("scale");
        assertEquals(0, kernel.attributes().localBytes());
        KernelArgs args = new KernelArgs(kernel.signature()).setPointer(0, memory.address())
                .setPointer(1, memory.address()).setFloat(2, 2).setInt(3, NUM_VALUES);
        LaunchShape shape = LaunchShape.ofThreads(128).grid(Math.ceilDiv(NUM_VALUES, 128), 1, 1);
        Stream stream = device.createStream("main");
        Stream side = device.createStream("side");
        Event start = device.createEvent();
        Event end = device.createEvent();
        stream.copyToDevice(memory, 0, host, 0, NUM_BYTES);
        stream.record(start);
        stream.launch(kernel, shape, args);
        args.setFloat(2, 3);
        stream.beginCapture();
        stream.launch(kernel, shape, args);
        stream.launch(kernel, shape, args);
        Graph graph = stream.endCapture("twice");
        assertEquals(2, graph.numNodes());
        args.setFloat(2, 100);
        stream.launch(graph);
        stream.launch(graph);
        stream.record(end);
        side.waitFor(end);
        side.copyToHost(host, 0, memory, 0, NUM_BYTES);
        side.synchronize();
        assertTrue(end.isDone());
        assertTrue(end.elapsedMs(start) > 0);
        for (int i = 0; i < NUM_VALUES; i++) {
            assertEquals(2 * 81f * i, host.getAtIndex(ValueLayout.JAVA_FLOAT, i), "value " + i);
        }
    }

    /** Each launch begins before the one in front has ended, and sees all of it. */
    private static void chainedEarlyAndByGraph(Device device) {
        if (!device.programmaticProblem().isEmpty()) {
            return;
        }
        MemorySegment host = device.allocatePinned("values", NUM_BYTES).segment();
        DeviceMemory first = device.allocate("first", NUM_BYTES);
        DeviceMemory second = device.allocate("second", NUM_BYTES);
        Kernel kernel = device.loadModule("chain", PtxTexts.CHAIN).kernel("chain");
        KernelArgs there = new KernelArgs(kernel.signature()).setPointer(0, first.address())
                .setPointer(1, second.address()).setInt(2, NUM_VALUES);
        KernelArgs back = new KernelArgs(kernel.signature()).setPointer(0, second.address())
                .setPointer(1, first.address()).setInt(2, NUM_VALUES);
        LaunchShape shape = LaunchShape.ofThreads(32).grid(Math.ceilDiv(NUM_VALUES, 32), 1, 1);
        Stream stream = device.createStream("steps", Stream.Serialization.PROGRAMMATIC);
        Runnable tenLaunches = () -> {
            for (int i = 0; i < 5; i++) {
                stream.launch(kernel, shape, there);
                stream.launch(kernel, shape, back);
            }
        };
        for (int i = 0; i < NUM_VALUES; i++) {
            host.setAtIndex(ValueLayout.JAVA_INT, i, i);
        }
        stream.copyToDevice(first, 0, host, 0, NUM_BYTES);
        tenLaunches.run();
        stream.beginCapture();
        tenLaunches.run();
        Graph graph = stream.endCapture("ten");
        stream.launch(graph);
        stream.copyToHost(host, 0, first, 0, NUM_BYTES);
        stream.synchronize();
        for (int i = 0; i < NUM_VALUES; i++) {
            assertEquals((i + 1 << 20) - 1, host.getAtIndex(ValueLayout.JAVA_INT, i), "value " + i);
        }
    }

    private static void pinnedBeyondTwoGibibytes(Device device) {
        long sizeBytes = (2L << 30) + 4096;
        MemorySegment host = device.allocatePinned("swap", sizeBytes).segment();
        host.set(ValueLayout.JAVA_LONG, sizeBytes - 8, 42);
        DeviceMemory memory = device.allocate("block", 64);
        Stream stream = device.createStream("main");
        stream.fill(memory, 0, 64, (byte) 1);
        stream.copyToDevice(memory, 8, host, sizeBytes - 8, 8);
        stream.copyToHost(host, 0, memory, 0, 64);
        stream.synchronize();
        assertEquals(0x0101010101010101L, host.get(ValueLayout.JAVA_LONG, 0));
        assertEquals(42, host.get(ValueLayout.JAVA_LONG, 8));
    }

    private static void refusals(Device device) {
        DeviceException tooMuch = assertThrows(DeviceException.class, () -> device.allocate("all", 1L << 50));
        assertEquals("CUDA_ERROR_OUT_OF_MEMORY", tooMuch.name());
        DeviceException broken = assertThrows(DeviceException.class,
                () -> device.loadModule("broken", PtxTexts.UNKNOWN_INSTRUCTION));
        assertTrue(broken.context().contains("frobnicate"), broken::getMessage);
        assertTrue(device.freeBytes() > 0);
    }

    private static void product(Device device) {
        if (!(CudaDevices.openGemm(device) instanceof GemmProbe.Available found)) {
            return;
        }
        MemorySegment host = device.allocatePinned("matrices", 4096).segment();
        for (int i = 0; i < 256; i++) {
            float value = i % 7 - 3;
            host.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(value) >>> 16));
        }
        DeviceMemory memory = device.allocate("matrices", 4096);
        Stream stream = device.createStream("main");
        stream.copyToDevice(memory, 0, host, 0, 4096);
        long b = memory.address() + 256;
        long c = memory.address() + 1024;
        found.gemm().multiplyTransposed(stream, Gemm.Output.FLOAT32, c, memory.address(), b, 3, 5, 8);
        stream.copyToHost(host, 0, memory, 1024, 60);
        stream.synchronize();
        for (int row = 0; row < 3; row++) {
            for (int column = 0; column < 5; column++) {
                float expected = 0;
                for (int i = 0; i < 8; i++) {
                    expected += ((row * 8 + i) % 7 - 3) * ((128 + column * 8 + i) % 7 - 3);
                }
                assertEquals(expected, host.getAtIndex(ValueLayout.JAVA_FLOAT, 5 * row + column),
                        "row " + row + ", column " + column);
            }
        }
    }
}
