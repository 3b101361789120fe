package io.penstock.device;

/**
 * Captured work that is launched as one; its launches run one after the other. It refers to kernels and memory by
 * address: these outlive it.
 */
public interface Graph extends AutoCloseable {
    /** What it computes, for messages. */
    String name();

    /** Kernels, copies and fills in it. */
    int numNodes();

    /** Gives it back, once; the caller has waited for its launches. */
    @Override
    void close();
}
