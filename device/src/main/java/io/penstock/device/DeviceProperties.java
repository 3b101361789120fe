package io.penstock.device;

/**
 * What a device is.
 *
 * @param name as the vendor calls it
 * @param driver what drives it and its version, for people to read
 * @param computeCapability major times ten plus minor: 80, 89, 90
 * @param cores the multiprocessors
 * @param memory the global memory
 */
public record DeviceProperties(String name, String driver, int computeCapability, Cores cores, Memory memory) {
    /**
     * The multiprocessors (SMs), which are all alike.
     *
     * @param numMultiprocessors how many there are
     * @param clockKhz the highest clock
     * @param maxThreads that one of them holds at a time
     * @param numRegisters 32-bit registers of one of them
     * @param sharedBytes shared memory of one of them
     * @param blockSharedBytes of which one block can have so much, static and dynamic, after
     *     {@link Kernel#setMaxDynamicShared}
     */
    public record Cores(int numMultiprocessors, int clockKhz, int maxThreads, int numRegisters, int sharedBytes,
            int blockSharedBytes) {}

    /**
     * The global memory.
     *
     * @param totalBytes all of it
     * @param l2Bytes the cache before it
     * @param busBits width of its bus
     * @param clockKhz its clock; two transfers a cycle
     */
    public record Memory(long totalBytes, long l2Bytes, int busBits, int clockKhz) {}
}
