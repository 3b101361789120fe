package io.penstock.device;

import java.lang.foreign.MemorySegment;

/** Page-locked memory of the host, owned by whoever allocated it. */
public interface PinnedMemory extends AutoCloseable {
    /** The bytes, to be read and written by any thread; after {@link #close} every access throws. */
    MemorySegment segment();

    /** What it holds, for messages. */
    String name();

    /** Gives it back, once; the caller has waited for all copies from and to it. */
    @Override
    void close();
}
