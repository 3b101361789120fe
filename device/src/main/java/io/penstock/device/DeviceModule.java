package io.penstock.device;

import java.util.List;

/** A loaded PTX module, which owns its kernels. */
public interface DeviceModule extends AutoCloseable {
    String name();

    /**
     * The kernel of an {@code .entry}; the same object each time.
     *
     * @throws IllegalArgumentException if the module has no such entry; the message lists those it has
     */
    Kernel kernel(String name);

    /** What the compiler said while loading that costs speed, such as spilled registers; empty is good. */
    List<String> notes();

    /** Unloads it and its kernels, once; the caller has waited for their launches. */
    @Override
    void close();
}
