package io.penstock.device;

/**
 * One accelerator with its context: it makes everything else of this package, and whoever opened it closes it last.
 *
 * <p>Any platform thread may call it; a {@link Stream} belongs to one thread at a time. A virtual thread must not: it
 * changes the native thread that it runs on. Whatever the accelerator refuses is a {@link DeviceException}; after one
 * of an asynchronous call the device is lost, and only {@link #close} makes sense.
 */
public interface Device extends AutoCloseable {
    DeviceProperties properties();

    /** Memory that can still be allocated, in bytes, as the accelerator says at this moment. */
    long freeBytes();

    /**
     * Memory on the device, not initialised, at an address that is a multiple of 256.
     *
     * @param name what it holds, for messages
     * @param sizeBytes at least 1
     */
    DeviceMemory allocate(String name, long sizeBytes);

    /** Page-locked memory of the host, zeroed, which copies reach without an intermediate copy. */
    PinnedMemory allocatePinned(String name, long sizeBytes);

    /** A stream of {@link Stream.Serialization#FULL}. */
    default Stream createStream(String name) {
        return createStream(name, Stream.Serialization.FULL);
    }

    /** @throws IllegalStateException if there is a {@link #programmaticProblem} and it is needed */
    Stream createStream(String name, Stream.Serialization serialization);

    /** One line that says why no stream of this device can be {@link Stream.Serialization#PROGRAMMATIC}, or nothing. */
    String programmaticProblem();

    Event createEvent();

    /**
     * Compiles and loads PTX; takes up to seconds, and several threads may do it at once.
     *
     * @param name of the module, for messages
     * @param ptx the text of one PTX module
     * @throws DeviceException if the PTX is rejected, with what the compiler said of it
     */
    DeviceModule loadModule(String name, String ptx);

    /** Returns when all streams have done what they were given. */
    void synchronize();

    /**
     * Gives back the context, and everything made by this device that is still open; closing those afterwards does
     * nothing.
     */
    @Override
    void close();
}
