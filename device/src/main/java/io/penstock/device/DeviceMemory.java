package io.penstock.device;

/** A range of memory on a device, owned by whoever allocated it. */
public interface DeviceMemory extends AutoCloseable {
    /** The first byte's address, as kernels see it; the emulator's are not addresses of this process. */
    long address();

    long sizeBytes();

    /** What it holds, for messages. */
    String name();

    /** Gives it back, once; the caller has waited for all work that uses it. */
    @Override
    void close();
}
