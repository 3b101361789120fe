package io.penstock.device;

/** An entry of a module, ready to be launched; it lives as long as its {@link DeviceModule}. */
public interface Kernel {
    String name();

    KernelSignature signature();

    Attributes attributes();

    /**
     * Allows launches with up to so many bytes of dynamic shared memory; needed beyond 48 KiB.
     *
     * @throws DeviceException if static and dynamic shared memory are more than a block can have
     */
    void setMaxDynamicShared(int sizeBytes);

    /**
     * What the compiler gave the kernel.
     *
     * @param numRegisters 32-bit registers per thread
     * @param localBytes local memory per thread: spilled registers and arrays that are indexed at run time
     * @param staticSharedBytes shared memory per block that the kernel declares itself
     * @param maxThreads threads that a block can have
     */
    record Attributes(int numRegisters, int localBytes, int staticSharedBytes, int maxThreads) {}
}
