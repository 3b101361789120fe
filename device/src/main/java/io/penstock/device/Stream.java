package io.penstock.device;

import java.lang.foreign.MemorySegment;

/**
 * A queue of work that the device does in order; every method but {@link #synchronize} returns before the work is
 * done. One thread at a time uses it. Nothing here allocates, except what ends a capture.
 *
 * <p>Host memory of a copy is native: pinned memory, or any other, such as a mapped file. Bytes of pinned memory belong
 * to the copy until it is done. Other memory is copied from before the call returns, and is neither read nor written
 * while capturing. Heap segments are refused with an {@link IllegalArgumentException}, and so is a range that is
 * empty or leaves its memory.
 */
public interface Stream extends AutoCloseable {
    /** When a kernel begins that is launched directly behind another one, with nothing between the two. */
    enum Serialization {
        /** When the one in front has ended. */
        FULL,
        /**
         * Before that, if it {@link KernelSignature#waitsForLaunchInFront waits} itself for the one in front: from when
         * each block of that one has ended, or has let go of those behind it. Behind anything else than a kernel, in a
         * graph's first launch and for all other kernels it is as with {@link #FULL}. CUDA calls it programmatic
         * dependent launch; graphs have it too.
         */
        PROGRAMMATIC
    }

    String name();

    void copyToDevice(DeviceMemory destination, long destinationOffsetBytes, MemorySegment source,
            long sourceOffsetBytes, long sizeBytes);

    void copyToHost(MemorySegment destination, long destinationOffsetBytes, DeviceMemory source,
            long sourceOffsetBytes, long sizeBytes);

    /** Copies between two ranges that do not overlap. */
    void copyOnDevice(DeviceMemory destination, long destinationOffsetBytes, DeviceMemory source,
            long sourceOffsetBytes, long sizeBytes);

    /** Sets each byte of a range. */
    void fill(DeviceMemory destination, long offsetBytes, long sizeBytes, byte value);

    /**
     * Launches a kernel. Shape and arguments are read before the call returns and may then be changed.
     *
     * @throws IllegalArgumentException if an argument is not set, or they are not of this kernel's signature
     */
    void launch(Kernel kernel, LaunchShape shape, KernelArgs args);

    /** Launches what was captured, with the shapes, argument values and addresses of the capture. */
    void launch(Graph graph);

    /** Marks the end of the work so far. */
    void record(Event event);

    /** Lets later work of this stream begin only after what {@code event} marks, on whichever stream. */
    void waitFor(Event event);

    /** Returns when all work of this stream is done. */
    void synchronize();

    /**
     * From here to {@link #endCapture} work is remembered instead of done, and this thread neither synchronizes, nor
     * allocates or frees, nor loads modules.
     */
    void beginCapture();

    /**
     * Makes a graph of the work since {@link #beginCapture}. The stream captures no more, even if this throws.
     *
     * @param name of the graph, for messages
     */
    Graph endCapture(String name);

    /** Ends the stream, once; the caller has waited for its work. */
    @Override
    void close();
}
