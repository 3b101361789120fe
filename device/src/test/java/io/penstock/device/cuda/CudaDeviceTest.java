package io.penstock.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertSame;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.penstock.device.Device;
import io.penstock.device.DeviceException;
import io.penstock.device.DeviceMemory;
import io.penstock.device.DeviceModule;
import io.penstock.device.DeviceProbe;
import io.penstock.device.Event;
import io.penstock.device.Graph;
import io.penstock.device.Kernel;
import io.penstock.device.KernelArgs;
import io.penstock.device.LaunchShape;
import io.penstock.device.PinnedMemory;
import io.penstock.device.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.List;
import jcuda.driver.CUfunction_attribute;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** The ports over a driver that writes its calls down. */
class CudaDeviceTest {
    private FakeDriver driver = new FakeDriver();

    private Device open() {
        return open(LaunchMode.QUEUED);
    }

    private Device open(LaunchMode mode) {
        DeviceProbe.Available found = (DeviceProbe.Available) CudaDevices.probe(driver, 0, 0);
        return CudaDevices.open(driver, 0, found.properties(), mode);
    }

    private List<String> callsSince(int first) {
        return List.copyOf(driver.calls.subList(first, driver.calls.size()));
    }

    /** Something of everything, as an engine uses it. */
    private void useEverything() {
        try (Device device = open()) {
            device.freeBytes();
            DeviceMemory memory = device.allocate("weights", 1 << 20);
            PinnedMemory pinned = device.allocatePinned("tokens", 4096);
            DeviceModule module = device.loadModule("copy", PtxTexts.COPY);
            Kernel kernel = module.kernel("copy");
            kernel.setMaxDynamicShared(100 << 10);
            KernelArgs args = new KernelArgs(kernel.signature()).setPointer(0, memory.address()).setPointer(1, 0)
                    .setFloat(2, 1).setInt(3, 2);
            LaunchShape shape = LaunchShape.ofThreads(128).grid(9, 1, 1);
            Event start = device.createEvent();
            Event end = device.createEvent();
            try (Stream stream = device.createStream("main"); Stream side = device.createStream("side")) {
                stream.copyToDevice(memory, 0, pinned.segment(), 0, 4096);
                stream.beginCapture();
                stream.launch(kernel, shape, args);
                Graph graph = stream.endCapture("step");
                stream.record(start);
                stream.launch(graph);
                stream.launch(kernel, shape, args);
                stream.record(end);
                side.waitFor(end);
                side.copyToHost(pinned.segment(), 0, memory, 0, 4096);
                side.fill(memory, 0, 16, (byte) 0);
                side.copyOnDevice(memory, 4096, memory, 0, 16);
                end.synchronize();
                end.isDone();
                end.elapsedMs(start);
                stream.synchronize();
                graph.close();
            }
            device.synchronize();
            module.close();
            pinned.close();
        }
    }

    private void assertAllGivenBack() {
        assertEquals("[]", driver.live.toString());
        assertEquals(0, driver.pinned.size());
    }

    @Test
    void everythingIsGivenBackOnce() {
        useEverything();
        assertAllGivenBack();
        assertEquals("cuDevicePrimaryCtxRelease", driver.calls.getLast().replaceFirst(" .*", ""));
    }

    @Test
    void youngestIsGivenBackFirst() {
        Device device = open();
        device.allocate("state", 64);
        device.createStream("main");
        device.createEvent();
        int first = driver.calls.size();
        device.close();
        assertEquals(List.of("cuCtxSynchronize", "cuEventDestroy", "cuStreamDestroy", "cuMemFree",
                "cuDevicePrimaryCtxRelease"),
                callsSince(first).stream().map(call -> call.replaceFirst(" .*", "")).toList());
    }

    @ParameterizedTest
    @ValueSource(ints = {CUresult.CUDA_ERROR_INVALID_VALUE, CUresult.CUDA_ERROR_ILLEGAL_ADDRESS})
    void everyCallMayFail(int failure) {
        useEverything();
        List<String> sound = List.copyOf(driver.calls);
        int numProbing = sound.indexOf("cuDevicePrimaryCtxRetain") - 1;
        for (int i = numProbing; i < sound.size(); i++) {
            driver = new FakeDriver();
            driver.failAtCall = i;
            driver.failure = failure;
            String failed = sound.get(i).replaceFirst(" .*", "");
            DeviceException e = assertThrows(DeviceException.class, this::useEverything, failed);
            assertEquals(failed, e.call());
            assertEquals(failure, e.code());
            assertFalse(e.context().isBlank() || e.context().contains("@"), e.getMessage());
            assertEquals("[]", driver.live.toString(), () -> "not given back after a failure of " + failed);
            assertEquals(0, driver.pinned.size(), failed);
            assertTrue(callsSince(i + 1).stream().noneMatch(call -> call.contains("Launch")),
                    () -> "launched after a failure of " + failed);
        }
    }

    @Test
    void lostDeviceRefusesWork() {
        Device device = open();
        Stream stream = device.createStream("main");
        DeviceMemory memory = device.allocate("keys", 64);
        driver.failures.put("cuStreamSynchronize", CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
        DeviceException first = assertThrows(DeviceException.class, stream::synchronize);
        assertEquals("waiting for stream main: cuStreamSynchronize gave CUDA_ERROR_ILLEGAL_ADDRESS (700)",
                first.getMessage());
        int numCalls = driver.calls.size();
        DeviceException later = assertThrows(DeviceException.class, () -> stream.fill(memory, 0, 64, (byte) 0));
        assertEquals("GPU 0 (NVIDIA H200) is lost since this failed: waiting for stream main", later.context());
        assertEquals(numCalls, driver.calls.size());
        driver.failures.put("cuMemFree", CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
        device.close();
        assertAllGivenBack();
    }

    /** What an event marks is done when the event is; what was launched behind it is under way. */
    @Test
    void aFaultFoundLaterNamesWhatWasUnderWay() {
        Device device = open();
        Launches launches = Launches.on(device);
        Event first = device.createEvent();
        Event second = device.createEvent();
        launches.launchNothing();
        launches.stream().record(first);
        launches.launchCopy();
        launches.stream().record(second);
        first.synchronize();
        driver.failures.put("cuEventSynchronize", CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
        DeviceException e = assertThrows(DeviceException.class, second::synchronize);
        assertEquals(List.of("copy"), e.suspects());
        assertEquals("waiting for an event: cuEventSynchronize gave CUDA_ERROR_ILLEGAL_ADDRESS (700); under way, in"
                + " this order, were copy", e.getMessage());
        driver.failures.clear();
        device.close();
        assertAllGivenBack();
    }

    @Test
    void aFaultInAGraphNamesItsKernels() {
        Device device = open();
        Launches launches = Launches.on(device);
        Stream stream = launches.stream();
        stream.beginCapture();
        launches.launchCopy();
        launches.launchNothing();
        launches.launchCopy();
        Graph graph = stream.endCapture("step");
        launches.launchCopy();
        stream.synchronize();
        launches.launchNothing();
        stream.launch(graph);
        driver.failures.put("cuStreamSynchronize", CUresult.CUDA_ERROR_LAUNCH_FAILED);
        DeviceException e = assertThrows(DeviceException.class, stream::synchronize);
        assertEquals(List.of("nothing x2", "copy x2"), e.suspects());
        DeviceException later = assertThrows(DeviceException.class, () -> stream.launch(graph));
        assertEquals(e.suspects(), later.suspects(), "whoever asks later is told the same");
        driver.failures.clear();
        device.close();
        assertAllGivenBack();
    }

    @Test
    void whoWaitsForEachLaunchNamesTheOneThatFailed() {
        Device device = open(LaunchMode.AWAITED);
        Stream stream = device.createStream("main");
        DeviceModule module = device.loadModule("copy", PtxTexts.COPY);
        Kernel nothing = module.kernel("nothing");
        KernelArgs none = new KernelArgs(nothing.signature());
        DeviceMemory memory = device.allocate("keys", 64);
        int first = driver.calls.size();
        stream.launch(nothing, LaunchShape.ofThreads(32), none);
        stream.fill(memory, 0, 64, (byte) 0);
        stream.beginCapture();
        stream.launch(nothing, LaunchShape.ofThreads(32), none);
        stream.endCapture("step").close();
        assertEquals(List.of("cuLaunchKernel", "cuStreamSynchronize", "cuMemsetD8Async", "cuStreamSynchronize",
                "cuStreamBeginCapture", "cuLaunchKernel", "cuStreamEndCapture", "cuGraphGetNodes",
                "cuGraphInstantiate", "cuGraphDestroy", "cuGraphExecDestroy"),
                callsSince(first).stream().map(call -> call.replaceFirst(" .*", "")).toList());
        driver.failures.put("cuStreamSynchronize", CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
        DeviceException e = assertThrows(DeviceException.class,
                () -> stream.launch(nothing, LaunchShape.ofThreads(32), none));
        assertEquals("running kernel nothing of PTX module copy, grid 1x1x1, block 32x1x1, 0 B dynamic shared:"
                + " cuStreamSynchronize gave CUDA_ERROR_ILLEGAL_ADDRESS (700)", e.getMessage());
        driver.failures.clear();
        device.close();
        assertAllGivenBack();
    }

    @Test
    void launchHandsOverShapeAndArguments() {
        try (Device device = open(); Stream stream = device.createStream("main")) {
            Kernel kernel = device.loadModule("copy", PtxTexts.COPY).kernel("copy");
            LaunchShape shape = new LaunchShape(32, 4, 2).grid(7, 6, 5).dynamicShared(1024);
            KernelArgs args = new KernelArgs(kernel.signature()).setPointer(0, 0x1122334455667788L)
                    .setPointer(1, 0x7f00).setFloat(2, 0.25f).setInt(3, -3);
            driver.numParameters = 4;
            stream.launch(kernel, shape, args);
            assertEquals("cuLaunchKernel [7, 6, 5, 32, 4, 2, 1024]", driver.calls.getLast());
            assertEquals(0x1122334455667788L, driver.parameters[0]);
            assertEquals(0x7f00, driver.parameters[1]);
            assertEquals(0.25f, Float.intBitsToFloat((int) driver.parameters[2]));
            assertEquals(-3, (int) driver.parameters[3]);
            stream.launch(kernel, shape.grid(8, 1, 1), args.setInt(3, 17));
            assertEquals("cuLaunchKernel [8, 1, 1, 32, 4, 2, 1024]", driver.calls.getLast());
            assertEquals(17, (int) driver.parameters[3]);
        }
    }

    @Test
    void failedLaunchSaysWhat() {
        try (Device device = open(); Stream stream = device.createStream("main")) {
            Kernel kernel = device.loadModule("copy", PtxTexts.COPY).kernel("nothing");
            driver.failures.put("cuLaunchKernel", CUresult.CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES);
            DeviceException e = assertThrows(DeviceException.class,
                    () -> stream.launch(kernel, LaunchShape.ofThreads(512), new KernelArgs(kernel.signature())));
            assertEquals("launching kernel nothing of PTX module copy, grid 1x1x1, block 512x1x1, 0 B dynamic shared:"
                    + " cuLaunchKernel gave CUDA_ERROR_LAUNCH_OUT_OF_RESOURCES (701)", e.getMessage());
        }
    }

    @Test
    void stepAllocatesNothing() {
        try (Device device = open(); Stream stream = device.createStream("main")) {
            Kernel kernel = device.loadModule("copy", PtxTexts.COPY).kernel("copy");
            KernelArgs args = new KernelArgs(kernel.signature()).setPointer(0, 1).setPointer(1, 2).setFloat(2, 3);
            LaunchShape shape = LaunchShape.ofThreads(128);
            DeviceMemory memory = device.allocate("state", 1 << 16);
            MemorySegment tokens = device.allocatePinned("tokens", 1 << 16).segment();
            Event done = device.createEvent();
            stream.beginCapture();
            Graph graph = stream.endCapture("step");
            driver.stopRecording();
            driver.isEventDone = true;
            Runnable step = () -> {
                for (int i = 0; i < 1000; i++) {
                    stream.copyToDevice(memory, 4L * i, tokens, 8L * i, 64);
                    stream.launch(kernel, shape.grid(i + 1, 1, 1), args.setInt(3, i));
                    stream.launch(graph);
                    stream.fill(memory, 4L * i, 64, (byte) 1);
                    stream.copyOnDevice(memory, 4L * i, memory, 32_768 + 8L * i, 64);
                    stream.copyToHost(tokens, 4L * i, memory, 8L * i, 64);
                    stream.record(done);
                    stream.waitFor(done);
                    done.synchronize();
                    done.isDone();
                    stream.synchronize();
                }
            };
            ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
            long leastBytes = Long.MAX_VALUE;
            for (int i = 0; i < 60 && leastBytes > 0; i++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                step.run();
                leastBytes = Math.min(leastBytes, threads.getCurrentThreadAllocatedBytes() - before);
            }
            assertEquals(0, leastBytes, "bytes allocated by 1000 steps");
        }
    }

    @Test
    void captureMakesAGraph() {
        try (Device device = open(); Stream stream = device.createStream("main")) {
            DeviceMemory memory = device.allocate("state", 64);
            int first = driver.calls.size();
            assertThrows(IllegalStateException.class, () -> stream.endCapture("none"));
            stream.beginCapture();
            assertThrows(IllegalStateException.class, stream::beginCapture);
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment pageable = arena.allocate(64);
                assertThrows(IllegalArgumentException.class, () -> stream.copyToDevice(memory, 0, pageable, 0, 64));
            }
            stream.fill(memory, 0, 64, (byte) 0);
            Graph graph = stream.endCapture("step");
            assertEquals(List.of("cuStreamBeginCapture", "cuMemsetD8Async", "cuStreamEndCapture", "cuGraphGetNodes",
                    "cuGraphInstantiate", "cuGraphDestroy"),
                    callsSince(first).stream().map(call -> call.replaceFirst(" .*", "")).toList());
            assertEquals("step", graph.name());
            assertEquals(3, graph.numNodes());
            graph.close();
            assertThrows(IllegalStateException.class, () -> stream.launch(graph));
            stream.beginCapture();
        }
        assertAllGivenBack();
    }

    @Test
    void copiesStayWithinTheirMemory() {
        try (Device device = open(); Stream stream = device.createStream("main"); Arena arena = Arena.ofConfined()) {
            DeviceMemory memory = device.allocate("state", 64);
            MemorySegment host = arena.allocate(64);
            stream.copyToDevice(memory, 32, host, 16, 32);
            assertEquals("cuMemcpyHtoDAsync " + List.of(memory.address() + 32, host.address() + 16, 32L),
                    driver.calls.getLast());
            stream.copyToHost(host, 8, memory, 40, 24);
            assertEquals("cuMemcpyDtoHAsync " + List.of(host.address() + 8, memory.address() + 40, 24L),
                    driver.calls.getLast());
            int numCalls = driver.calls.size();
            assertThrows(IllegalArgumentException.class, () -> stream.copyToDevice(memory, 33, host, 0, 32));
            assertThrows(IllegalArgumentException.class, () -> stream.copyToDevice(memory, 0, host, 33, 32));
            assertThrows(IllegalArgumentException.class, () -> stream.copyToDevice(memory, -1, host, 0, 1));
            assertThrows(IllegalArgumentException.class, () -> stream.copyToDevice(memory, 0, host, 0, 0));
            assertThrows(IllegalArgumentException.class, () -> stream.fill(memory, 1, Long.MAX_VALUE, (byte) 0));
            assertThrows(IllegalArgumentException.class, () -> stream.copyOnDevice(memory, 0, memory, 31, 32));
            assertThrows(IllegalArgumentException.class,
                    () -> stream.copyToDevice(memory, 0, MemorySegment.ofArray(new byte[64]), 0, 64));
            assertThrows(IllegalArgumentException.class, () -> stream.copyToHost(host.asReadOnly(), 0, memory, 0, 64));
            assertEquals(numCalls, driver.calls.size());
        }
    }

    @Test
    void closedThingsAreRefused() {
        Device device = open();
        Stream stream = device.createStream("main");
        DeviceMemory memory = device.allocate("state", 64);
        memory.close();
        memory.close();
        assertTrue(assertThrows(IllegalStateException.class, () -> stream.fill(memory, 0, 64, (byte) 0)).getMessage()
                .contains("memory of state, 64 bytes is closed"));
        PinnedMemory pinned = device.allocatePinned("tokens", 64);
        MemorySegment segment = pinned.segment();
        assertEquals(0, segment.get(ValueLayout.JAVA_BYTE, 63));
        pinned.close();
        assertThrows(IllegalStateException.class, () -> segment.get(ValueLayout.JAVA_BYTE, 0));
        DeviceModule module = device.loadModule("copy", PtxTexts.COPY);
        Kernel kernel = module.kernel("nothing");
        module.close();
        assertThrows(IllegalStateException.class,
                () -> stream.launch(kernel, LaunchShape.ofThreads(1), new KernelArgs(kernel.signature())));
        device.close();
        device.close();
        stream.close();
        assertThrows(IllegalStateException.class, () -> device.allocate("more", 1));
        assertThrows(IllegalStateException.class, stream::synchronize);
        assertAllGivenBack();
        assertThrows(IllegalArgumentException.class, () -> open().allocate("nothing", 0));
    }

    @Test
    void moduleKeepsWhatTheCompilerNotes() {
        try (Device device = open()) {
            driver.infoLog = """
                    ptxas info    : (C7515) Potential Performance Loss: wgmma.mma_async instructions are serialized
                    ptxas info    : Compiling entry function 'copy' for 'sm_90a'
                    ptxas info    : Function properties for copy
                    ptxas         .     16 bytes stack frame, 8 bytes spill stores, 8 bytes spill loads
                    ptxas info    : Used 40 registers
                    """;
            driver.functionAttributes.put(CUfunction_attribute.CU_FUNC_ATTRIBUTE_LOCAL_SIZE_BYTES, 16);
            driver.functionAttributes.put(CUfunction_attribute.CU_FUNC_ATTRIBUTE_SHARED_SIZE_BYTES, 256);
            DeviceModule module = device.loadModule("copy", PtxTexts.COPY);
            assertEquals(List.of("(C7515) Potential Performance Loss: wgmma.mma_async instructions are serialized",
                    "copy spills registers: 8 bytes stored, 8 loaded",
                    "nothing has 16 bytes of local memory per thread"), module.notes());
            assertEquals(new Kernel.Attributes(40, 16, 256, 1024), module.kernel("copy").attributes());
            assertSame(module.kernel("copy"), module.kernel("copy"));
            assertTrue(assertThrows(IllegalArgumentException.class, () -> module.kernel("other")).getMessage()
                    .endsWith("[copy, nothing]"));
            module.kernel("copy").setMaxDynamicShared(200 << 10);
            assertEquals("cuFuncSetAttribute [8, 204800]", driver.calls.getLast());
        }
    }

    @Test
    void rejectedModuleSaysWhy() {
        try (Device device = open()) {
            driver.failures.put("cuModuleLoadDataEx", CUresult.CUDA_ERROR_UNSUPPORTED_PTX_VERSION);
            driver.errorLog = "ptxas application ptx input, line 1; fatal   : Unsupported .version 9.0\nmore\n";
            DeviceException e = assertThrows(DeviceException.class, () -> device.loadModule("copy", PtxTexts.COPY));
            assertEquals("loading PTX module copy, a newer driver is needed: ptxas application ptx input, line 1; fatal"
                    + "   : Unsupported .version 9.0: cuModuleLoadDataEx gave CUDA_ERROR_UNSUPPORTED_PTX_VERSION (222)",
                    e.getMessage());
        }
        assertAllGivenBack();
    }

    @Test
    void everyThreadEntersOnce() throws InterruptedException {
        try (Device device = open()) {
            device.freeBytes();
            device.freeBytes();
            Thread thread = new Thread(() -> {
                device.freeBytes();
                device.freeBytes();
            });
            thread.start();
            thread.join();
            assertEquals(2, driver.calls.stream().filter("cuCtxSetCurrent"::equals).count());
        }
    }

    @Test
    void thingsOfAnotherDeviceAreRefused() {
        Device first = open();
        driver = new FakeDriver();
        try (first; Stream stream = first.createStream("main"); Device other = open()) {
            assertThrows(IllegalArgumentException.class, () -> stream.record(other.createEvent()));
            DeviceMemory memory = other.allocate("state", 64);
            assertThrows(IllegalArgumentException.class, () -> stream.fill(memory, 0, 64, (byte) 0));
            Kernel kernel = other.loadModule("copy", PtxTexts.COPY).kernel("nothing");
            assertThrows(IllegalArgumentException.class,
                    () -> stream.launch(kernel, LaunchShape.ofThreads(1), new KernelArgs(kernel.signature())));
        }
    }
}
