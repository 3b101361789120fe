package io.penstock.bench.gpucheck;

import io.penstock.device.Device;
import io.penstock.device.DeviceException;
import io.penstock.device.DeviceMemory;
import io.penstock.device.DeviceModule;
import io.penstock.device.DeviceProperties;
import io.penstock.device.Event;
import io.penstock.device.Graph;
import io.penstock.device.Kernel;
import io.penstock.device.KernelArgs;
import io.penstock.device.KernelSignature;
import io.penstock.device.LaunchShape;
import io.penstock.device.PinnedMemory;
import io.penstock.device.Stream;
import java.lang.foreign.MemorySegment;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A device that computes nothing: each launch, copy and fill takes a millisecond of its clock. */
final class FakeDevice implements Device {
    static final double WORK_MS = 1;

    private long nextAddress = 1 << 20;
    private double nowMs;
    private String refusedName = "";
    private long refusedBytes;

    /** Has no memory for this. */
    void failsOn(String name, long sizeBytes) {
        refusedName = name;
        refusedBytes = sizeBytes;
    }

    private record FakeMemory(String name, long address, long sizeBytes) implements DeviceMemory {
        @Override
        public void close() {}
    }

    private record FakeKernel(KernelSignature signature) implements Kernel {
        @Override
        public String name() {
            return signature.kernel();
        }

        @Override
        public Attributes attributes() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void setMaxDynamicShared(int sizeBytes) {}
    }

    private record FakeModule(String name, Map<String, Kernel> kernels) implements DeviceModule {
        @Override
        public Kernel kernel(String entry) {
            return kernels.get(entry);
        }

        @Override
        public List<String> notes() {
            return List.of();
        }

        @Override
        public void close() {}
    }

    private record FakeGraph(String name, int numNodes) implements Graph {
        @Override
        public void close() {}
    }

    private static final class FakeEvent implements Event {
        private double markMs;

        @Override
        public void synchronize() {}

        @Override
        public boolean isDone() {
            return true;
        }

        @Override
        public double elapsedMs(Event start) {
            return markMs - ((FakeEvent) start).markMs;
        }

        @Override
        public void close() {}
    }

    private final class FakeStream implements Stream {
        private int numCaptured = -1;

        private void work() {
            if (numCaptured >= 0) {
                numCaptured++;
            } else {
                nowMs += WORK_MS;
            }
        }

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public void copyToDevice(DeviceMemory destination, long destinationOffsetBytes, MemorySegment source,
                long sourceOffsetBytes, long sizeBytes) {
            work();
        }

        @Override
        public void copyToHost(MemorySegment destination, long destinationOffsetBytes, DeviceMemory source,
                long sourceOffsetBytes, long sizeBytes) {
            work();
        }

        @Override
        public void copyOnDevice(DeviceMemory destination, long destinationOffsetBytes, DeviceMemory source,
                long sourceOffsetBytes, long sizeBytes) {
            work();
        }

        @Override
        public void fill(DeviceMemory destination, long offsetBytes, long sizeBytes, byte value) {
            work();
        }

        @Override
        public void launch(Kernel kernel, LaunchShape shape, KernelArgs args) {
            args.valuesFor(kernel);
            work();
        }

        @Override
        public void launch(Graph graph) {
            nowMs += WORK_MS * graph.numNodes();
        }

        @Override
        public void record(Event event) {
            ((FakeEvent) event).markMs = nowMs;
        }

        @Override
        public void waitFor(Event event) {}

        @Override
        public void synchronize() {}

        @Override
        public void beginCapture() {
            numCaptured = 0;
        }

        @Override
        public Graph endCapture(String graphName) {
            Graph graph = new FakeGraph(graphName, numCaptured);
            numCaptured = -1;
            return graph;
        }

        @Override
        public void close() {}
    }

    @Override
    public DeviceProperties properties() {
        return new DeviceProperties("Fake GPU", "no driver", 90, new DeviceProperties.Cores(132, 0, 0, 0, 0, 0),
                new DeviceProperties.Memory(1L << 30, 0, 0, 0));
    }

    @Override
    public long freeBytes() {
        return 4_000_000_000L;
    }

    @Override
    public DeviceMemory allocate(String name, long sizeBytes) {
        if (name.equals(refusedName) && sizeBytes >= refusedBytes) {
            throw new DeviceException("cuMemAlloc", 2, "CUDA_ERROR_OUT_OF_MEMORY", "allocating " + name);
        }
        FakeMemory memory = new FakeMemory(name, nextAddress, sizeBytes);
        nextAddress += Math.ceilDiv(sizeBytes, 256) * 256;
        return memory;
    }

    @Override
    public PinnedMemory allocatePinned(String name, long sizeBytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Stream createStream(String name, Stream.Serialization serialization) {
        return new FakeStream();
    }

    @Override
    public String programmaticProblem() {
        return "";
    }

    @Override
    public Event createEvent() {
        return new FakeEvent();
    }

    @Override
    public DeviceModule loadModule(String name, String ptx) {
        Map<String, Kernel> kernels = new HashMap<>();
        KernelSignature.parse(ptx).forEach((entry, signature) -> kernels.put(entry, new FakeKernel(signature)));
        return new FakeModule(name, kernels);
    }

    @Override
    public void synchronize() {}

    @Override
    public void close() {}
}
