package io.penstock.kernels;

import io.penstock.device.Device;
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

/** A device that knows the signatures of a module's entries and remembers the last launch. */
final class FakeDevice implements Device {
    private static final int NUM_MULTIPROCESSORS = 132;

    final FakeStream stream = new FakeStream();

    /** A kernel that cannot run. */
    static final class FakeKernel implements Kernel {
        private final KernelSignature signature;
        int maxDynamicSharedBytes = 48 * 1024;

        private FakeKernel(KernelSignature signature) {
            this.signature = signature;
        }

        @Override
        public String name() {
            return signature.kernel();
        }

        @Override
        public KernelSignature signature() {
            return signature;
        }

        @Override
        public Attributes attributes() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void setMaxDynamicShared(int sizeBytes) {
            maxDynamicSharedBytes = sizeBytes;
        }
    }

    /** Remembers the last launch; refuses arguments that are not set, as any stream does. */
    static final class FakeStream implements Stream {
        long numLaunches;
        FakeKernel kernel;
        LaunchShape shape;
        MemorySegment values;

        /** Told of each launch, if there is one. */
        Runnable launched;

        @Override
        public void launch(Kernel kernel, LaunchShape shape, KernelArgs args) {
            numLaunches++;
            this.kernel = (FakeKernel) kernel;
            this.shape = shape;
            values = args.valuesFor(kernel);
            if (launched != null) {
                launched.run();
            }
        }

        @Override
        public String name() {
            return "fake";
        }

        @Override
        public void copyToDevice(DeviceMemory destination, long destinationOffsetBytes, MemorySegment source,
                long sourceOffsetBytes, long sizeBytes) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void copyToHost(MemorySegment destination, long destinationOffsetBytes, DeviceMemory source,
                long sourceOffsetBytes, long sizeBytes) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void copyOnDevice(DeviceMemory destination, long destinationOffsetBytes, DeviceMemory source,
                long sourceOffsetBytes, long sizeBytes) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void fill(DeviceMemory destination, long offsetBytes, long sizeBytes, byte value) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void launch(Graph graph) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void record(Event event) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void waitFor(Event event) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void synchronize() {
            throw new UnsupportedOperationException();
        }

        @Override
        public void beginCapture() {
            throw new UnsupportedOperationException();
        }

        @Override
        public Graph endCapture(String name) {
            throw new UnsupportedOperationException();
        }

        @Override
        public void close() {}
    }

    @Override
    public DeviceModule loadModule(String name, String ptx) {
        Map<String, Kernel> kernels = new HashMap<>();
        KernelSignature.parse(ptx).forEach((entry, signature) -> kernels.put(entry, new FakeKernel(signature)));
        return new DeviceModule() {
            @Override
            public String name() {
                return name;
            }

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
        };
    }

    @Override
    public DeviceProperties properties() {
        return new DeviceProperties("fake", "none", 90,
                new DeviceProperties.Cores(NUM_MULTIPROCESSORS, 0, 2048, 65_536, 228 << 10, 227 << 10),
                new DeviceProperties.Memory(0, 0, 0, 0));
    }

    @Override
    public long freeBytes() {
        throw new UnsupportedOperationException();
    }

    @Override
    public DeviceMemory allocate(String name, long sizeBytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public PinnedMemory allocatePinned(String name, long sizeBytes) {
        throw new UnsupportedOperationException();
    }

    @Override
    public Stream createStream(String name, Stream.Serialization serialization) {
        return stream;
    }

    @Override
    public String programmaticProblem() {
        return "";
    }

    @Override
    public Event createEvent() {
        throw new UnsupportedOperationException();
    }

    @Override
    public void synchronize() {}

    @Override
    public void close() {}
}
