package io.penstock.device.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;

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
import io.penstock.device.Stream;
import java.lang.management.ManagementFactory;
import java.util.List;
import jcuda.driver.CUdevice_attribute;
import jcuda.driver.CUresult;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Which launches may begin before the one in front has ended, and how the driver is told. */
class ProgrammaticLaunchTest {
    private static final LaunchShape SHAPE = new LaunchShape(32, 4, 2).grid(7, 6, 5).dynamicShared(1024);
    private static final String EARLY = "cuLaunchKernelEx [7, 6, 5, 32, 4, 2, 1024, 1 attribute 6 = 1]";
    private static final String PLAIN = "cuLaunchKernel [7, 6, 5, 32, 4, 2, 1024]";

    private final FakeDriver driver = new FakeDriver();
    private Device device;
    private Stream stream;
    private Kernel waiting;
    private Kernel other;

    private void open(Stream.Serialization serialization) {
        device = CudaDevices.open(driver, 0, ((DeviceProbe.Available) CudaDevices.probe(driver, 0, 0)).properties(),
                LaunchMode.QUEUED);
        stream = device.createStream("steps", serialization);
        DeviceModule module = device.loadModule("early", PtxTexts.WAITING);
        waiting = module.kernel("waiting");
        other = module.kernel("other");
    }

    @AfterEach
    void close() {
        if (device != null) {
            driver.failures.clear();
            device.close();
        }
    }

    private String launch(Kernel kernel) {
        stream.launch(kernel, SHAPE, new KernelArgs(kernel.signature()));
        return driver.calls.getLast();
    }

    @Test
    void whatWaitsItselfBeginsEarlyDirectlyBehindAKernel() {
        open(Stream.Serialization.PROGRAMMATIC);
        assertEquals(PLAIN, launch(waiting), "the first has nothing in front of it");
        assertEquals(EARLY, launch(waiting));
        assertEquals(PLAIN, launch(other));
        assertEquals(EARLY, launch(waiting));
    }

    @Test
    void behindAnythingElseItIsPlain() {
        open(Stream.Serialization.PROGRAMMATIC);
        DeviceMemory memory = device.allocate("x", 64);
        Event event = device.createEvent();
        stream.beginCapture();
        Graph graph = stream.endCapture("step");
        List<Runnable> works = List.of(() -> stream.fill(memory, 0, 16, (byte) 0),
                () -> stream.copyOnDevice(memory, 0, memory, 16, 16), () -> stream.launch(graph),
                () -> stream.record(event), () -> stream.waitFor(event), stream::synchronize);
        for (Runnable work : works) {
            launch(waiting);
            work.run();
            assertEquals(PLAIN, launch(waiting));
            assertEquals(EARLY, launch(waiting));
        }
    }

    @Test
    void graphsHaveItToo() {
        open(Stream.Serialization.PROGRAMMATIC);
        launch(waiting);
        stream.beginCapture();
        assertEquals(PLAIN, launch(waiting), "what is in front of a graph is not in it");
        assertEquals(EARLY, launch(waiting));
        Graph graph = stream.endCapture("step");
        assertEquals(PLAIN, launch(waiting), "what was captured is not in front of it");
        stream.launch(graph);
        driver.failures.put("cuStreamSynchronize", CUresult.CUDA_ERROR_ILLEGAL_ADDRESS);
        assertEquals(List.of("waiting x4"), assertThrows(DeviceException.class, stream::synchronize).suspects());
    }

    @Test
    void fullStreamsLaunchPlainly() {
        open(Stream.Serialization.FULL);
        launch(waiting);
        assertEquals(PLAIN, launch(waiting));
    }

    @Test
    void aFailedOneSaysWhat() {
        open(Stream.Serialization.PROGRAMMATIC);
        launch(other);
        driver.failures.put("cuLaunchKernelEx", CUresult.CUDA_ERROR_INVALID_VALUE);
        DeviceException e = assertThrows(DeviceException.class, () -> launch(waiting));
        assertEquals("launching kernel waiting of PTX module early, grid 7x6x5, block 32x4x2, 1024 B dynamic shared:"
                + " cuLaunchKernelEx gave CUDA_ERROR_INVALID_VALUE (1)", e.getMessage());
    }

    @Test
    void nothingIsAllocated() {
        open(Stream.Serialization.PROGRAMMATIC);
        KernelArgs args = new KernelArgs(waiting.signature());
        driver.stopRecording();
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long leastBytes = Long.MAX_VALUE;
        for (int i = 0; i < 60 && leastBytes > 0; i++) {
            long before = threads.getCurrentThreadAllocatedBytes();
            for (int j = 0; j < 1000; j++) {
                stream.launch(waiting, SHAPE, args);
            }
            leastBytes = Math.min(leastBytes, threads.getCurrentThreadAllocatedBytes() - before);
        }
        assertEquals(0, leastBytes, "bytes allocated by 1000 launches");
    }

    private void assertRefused(String problem) {
        device = CudaDevices.open(driver, 0, ((DeviceProbe.Available) CudaDevices.probe(driver, 0, 0)).properties(),
                LaunchMode.QUEUED);
        assertEquals(problem, device.programmaticProblem());
        assertEquals("stream steps: " + problem, assertThrows(IllegalStateException.class,
                () -> device.createStream("steps", Stream.Serialization.PROGRAMMATIC)).getMessage());
        device.createStream("steps");
    }

    @Test
    void olderDevicesRefuse() {
        driver.deviceAttributes.put(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MAJOR, 8);
        driver.deviceAttributes.put(CUdevice_attribute.CU_DEVICE_ATTRIBUTE_COMPUTE_CAPABILITY_MINOR, 9);
        assertRefused("programmatic dependent launches need compute capability 9.0, and NVIDIA H200 has 8.9");
    }

    @Test
    void olderDriversRefuse() {
        driver.version = 12_020;
        assertRefused("programmatic dependent launches need a driver of CUDA 12.3, and this one is of 12.2: install"
                + " driver 545.23.06 or newer");
    }

    @Test
    void driversWithoutTheCallRefuse() {
        driver.hasLaunchKernelEx = false;
        assertRefused("programmatic dependent launches need cuLaunchKernelEx, and this machine's libcuda.so.1 lacks it:"
                + " install driver 545.23.06 or newer");
    }
}
