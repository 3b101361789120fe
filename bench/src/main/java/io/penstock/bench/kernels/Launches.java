package io.penstock.bench.kernels;

import io.penstock.device.Stream;

/** What an operation is on a device: one launch or several. */
interface Launches extends AutoCloseable {
    /** Queues it on one of the benchmark's copies of the operands. */
    void run(Stream stream, int copy);

    @Override
    void close();
}
