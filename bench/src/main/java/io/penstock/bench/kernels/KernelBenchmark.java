package io.penstock.bench.kernels;

import io.penstock.device.Stream;

/** One launch of an operation at a size, and what it must cost at least. */
public interface KernelBenchmark extends AutoCloseable {
    /** The operation and its sizes, as they stand in the results. */
    String name();

    /** Bytes of every input and output, each once. */
    long floorBytes();

    /** Operations of matrix products; 0 if it has none. */
    default long flops() {
        return 0;
    }

    /** Copies of its inputs and outputs. */
    int numCopies();

    /** Queues the launch on a copy. */
    void launch(Stream stream, int copy);

    @Override
    void close();
}
