package io.penstock.runtime.cuda;

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
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** A device that computes nothing and holds nothing, but writes down what is allocated on it and for what. */
final class PlannedDevice implements Device {
    private final DeviceProperties properties;
    private final Work work;
    private final Map<String, Long> allocated = new LinkedHashMap<>();
    private long nextAddress = 256;

    /** Told of what is queued. */
    interface Work {
        Work NONE = new Work() {
            @Override
            public void launched(Kernel kernel, LaunchShape shape, boolean isEarly) {}

            @Override
            public void copied(long sizeBytes) {}
        };

        /** @param isEarly whether it may begin before the kernel in front of it has ended */
        void launched(Kernel kernel, LaunchShape shape, boolean isEarly);

        /** Between device and host. */
        void copied(long sizeBytes);
    }

    PlannedDevice(DeviceProperties properties) {
        this(properties, Work.NONE);
    }

    PlannedDevice(DeviceProperties properties, Work work) {
        this.properties = properties;
        this.work = work;
    }

    /** Bytes on the device by what they are for, in the order of the allocations. */
    Map<String, Long> allocated() {
        return allocated;
    }

    @Override
    public DeviceProperties properties() {
        return properties;
    }

    @Override
    public long freeBytes() {
        return properties.memory().totalBytes();
    }

    private record PlannedMemory(String name, long address, long sizeBytes) implements DeviceMemory {
        @Override
        public void close() {}
    }

    @Override
    public DeviceMemory allocate(String name, long sizeBytes) {
        allocated.merge(name, sizeBytes, Long::sum);
        long address = nextAddress;
        nextAddress += Math.ceilDiv(sizeBytes, 256) * 256;
        return new PlannedMemory(name, address, sizeBytes);
    }

    @Override
    public PinnedMemory allocatePinned(String name, long sizeBytes) {
        return new PinnedMemory() {
            private MemorySegment segment;

            @Override
            public MemorySegment segment() {
                segment = segment == null ? Arena.ofAuto().allocate(sizeBytes, 256) : segment;
                return segment;
            }

            @Override
            public String name() {
                return name;
            }

            @Override
            public void close() {}
        };
    }

    @Override
    public Stream createStream(String name, Stream.Serialization serialization) {
        return new PlannedStream(name, work, serialization);
    }

    @Override
    public String programmaticProblem() {
        return "";
    }

    @Override
    public Event createEvent() {
        return new Event() {
            @Override
            public void synchronize() {}

            @Override
            public boolean isDone() {
                return true;
            }

            @Override
            public double elapsedMs(Event start) {
                return 0;
            }

            @Override
            public void close() {}
        };
    }

    private record PlannedKernel(String name, KernelSignature signature) implements Kernel {
        @Override
        public Attributes attributes() {
            return new Attributes(0, 0, 0, Integer.MAX_VALUE);
        }

        @Override
        public void setMaxDynamicShared(int sizeBytes) {}
    }

    @Override
    public DeviceModule loadModule(String name, String ptx) {
        Map<String, KernelSignature> signatures = KernelSignature.parse(ptx);
        return new DeviceModule() {
            @Override
            public String name() {
                return name;
            }

            @Override
            public Kernel kernel(String entry) {
                return new PlannedKernel(entry, signatures.get(entry));
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
    public void synchronize() {}

    @Override
    public void close() {}

    private static final class PlannedStream implements Stream {
        private final String name;
        private final Work work;
        private final Serialization serialization;
        private boolean isBehindKernel;

        PlannedStream(String name, Work work, Serialization serialization) {
            this.name = name;
            this.work = work;
            this.serialization = serialization;
        }

        @Override
        public String name() {
            return name;
        }

        private void copied(long sizeBytes) {
            isBehindKernel = false;
            work.copied(sizeBytes);
        }

        @Override
        public void copyToDevice(DeviceMemory destination, long destinationOffsetBytes, MemorySegment source,
                long sourceOffsetBytes, long sizeBytes) {
            copied(sizeBytes);
        }

        @Override
        public void copyToHost(MemorySegment destination, long destinationOffsetBytes, DeviceMemory source,
                long sourceOffsetBytes, long sizeBytes) {
            copied(sizeBytes);
        }

        @Override
        public void copyOnDevice(DeviceMemory destination, long destinationOffsetBytes, DeviceMemory source,
                long sourceOffsetBytes, long sizeBytes) {
            isBehindKernel = false;
        }

        @Override
        public void fill(DeviceMemory destination, long offsetBytes, long sizeBytes, byte value) {
            isBehindKernel = false;
        }

        @Override
        public void launch(Kernel kernel, LaunchShape shape, KernelArgs args) {
            args.valuesFor(kernel);
            work.launched(kernel, shape, serialization == Serialization.PROGRAMMATIC && isBehindKernel
                    && kernel.signature().waitsForLaunchInFront());
            isBehindKernel = true;
        }

        @Override
        public void launch(Graph graph) {}

        @Override
        public void record(Event event) {
            isBehindKernel = false;
        }

        @Override
        public void waitFor(Event event) {
            isBehindKernel = false;
        }

        @Override
        public void synchronize() {
            isBehindKernel = false;
        }

        @Override
        public void beginCapture() {}

        @Override
        public Graph endCapture(String graphName) {
            throw new UnsupportedOperationException("nothing is captured on a planned device");
        }

        @Override
        public void close() {}
    }
}
