package io.penstock.bench.kernels;

import io.penstock.device.Device;
import io.penstock.device.DeviceMemory;
import io.penstock.device.Stream;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;

/**
 * A benchmark's tensors, in as many copies as it takes to find none of them in a cache that the last launches filled.
 * Made before the benchmark and closed after it.
 */
public final class BenchmarkMemory implements AutoCloseable {
    private static final int MAX_COPIES = 256;
    private static final int MAX_RANDOM_ELEMENTS = 1 << 24;
    private static final int ALIGNMENT_BYTES = 256;

    private final Device device;
    private final Stream stream;
    private final int numTokens;
    private final boolean isRotated;
    private final List<DeviceMemory> memories = new ArrayList<>();
    private final SplittableRandom random = new SplittableRandom(1);

    /** @param isRotated false for one copy: counters do not depend on caches */
    public BenchmarkMemory(Device device, Stream stream, int numTokens, boolean isRotated) {
        this.device = device;
        this.stream = stream;
        this.numTokens = numTokens;
        this.isRotated = isRotated;
    }

    Device device() {
        return device;
    }

    /** On which inputs are prepared. */
    Stream stream() {
        return stream;
    }

    /** Rows of the operation. */
    int numTokens() {
        return numTokens;
    }

    /** Copies that together are twice the cache. */
    int numCopies(long floorBytes) {
        long cacheBytes = 2 * device.properties().memory().l2Bytes();
        return isRotated ? Math.clamp(Math.ceilDiv(cacheBytes, floorBytes), 1, MAX_COPIES) : 1;
    }

    /** Copies of a tensor. */
    static final class Tensor {
        private final long address;
        private final long strideBytes;

        private Tensor(long address, long strideBytes) {
            this.address = address;
            this.strideBytes = strideBytes;
        }

        long address(int copy) {
            return address + copy * strideBytes;
        }
    }

    /** Random bfloat16 values between -2 and 2, the same in each copy; a large tensor repeats them. */
    Tensor bf16(String name, long numElements, int numCopies) {
        Tensor tensor = allocate(name, Short.BYTES * numElements, numCopies);
        int numRandom = (int) Math.min(numElements, MAX_RANDOM_ELEMENTS);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate((long) Short.BYTES * numRandom, Integer.BYTES);
            for (int i = 0; i < numRandom; i++) {
                float value = (float) (random.nextDouble() * 4 - 2);
                host.setAtIndex(ValueLayout.JAVA_SHORT, i, (short) (Float.floatToRawIntBits(value) >>> 16));
            }
            DeviceMemory memory = memories.getLast();
            for (int copy = 0; copy < numCopies; copy++) {
                for (long from = 0; from < numElements; from += numRandom) {
                    long length = Math.min(numRandom, numElements - from);
                    stream.copyToDevice(memory, copy * tensor.strideBytes + Short.BYTES * from, host, 0,
                            Short.BYTES * length);
                }
            }
        }
        return tensor;
    }

    /** Random float32 values, normally distributed with a deviation of 3, the same in each copy; they repeat. */
    Tensor float32(String name, long numElements, int numCopies) {
        Tensor tensor = allocate(name, Float.BYTES * numElements, numCopies);
        int numRandom = (int) Math.min(numElements, MAX_RANDOM_ELEMENTS);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(ValueLayout.JAVA_FLOAT, numRandom);
            for (int i = 0; i < numRandom; i++) {
                host.setAtIndex(ValueLayout.JAVA_FLOAT, i, (float) (3 * random.nextGaussian()));
            }
            DeviceMemory memory = memories.getLast();
            for (int copy = 0; copy < numCopies; copy++) {
                for (long from = 0; from < numElements; from += numRandom) {
                    long length = Math.min(numRandom, numElements - from);
                    stream.copyToDevice(memory, copy * tensor.strideBytes + Float.BYTES * from, host, 0,
                            Float.BYTES * length);
                }
            }
        }
        return tensor;
    }

    /** Fills the first copy of the tensor that was made last. */
    void copyTo(Tensor tensor, MemorySegment host) {
        if (tensor.address != memories.getLast().address()) {
            throw new IllegalArgumentException("another tensor was made since");
        }
        stream.copyToDevice(memories.getLast(), 0, host, 0, host.byteSize());
    }

    /** The values of a function of the index, once. */
    Tensor ints(String name, int length, IntUnaryOperator values) {
        Tensor tensor = allocate(name, (long) Integer.BYTES * length, 1);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment host = arena.allocate(ValueLayout.JAVA_INT, length);
            for (int i = 0; i < length; i++) {
                host.setAtIndex(ValueLayout.JAVA_INT, i, values.applyAsInt(i));
            }
            stream.copyToDevice(memories.getLast(), 0, host, 0, host.byteSize());
        }
        return tensor;
    }

    private Tensor allocate(String name, long sizeBytes, int numCopies) {
        long strideBytes = Math.ceilDiv(sizeBytes, ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
        DeviceMemory memory = device.allocate(name, strideBytes * numCopies);
        memories.add(memory);
        return new Tensor(memory.address(), strideBytes);
    }

    /** Memory that a launch only writes. */
    Tensor output(String name, long sizeBytes, int numCopies) {
        return allocate(name, sizeBytes, numCopies);
    }

    @Override
    public void close() {
        stream.synchronize();
        memories.forEach(DeviceMemory::close);
    }
}
