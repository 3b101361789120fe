package io.penstock.device;

/** A point in a stream's work, marked by {@link Stream#record} as often as one likes; the last mark counts. */
public interface Event extends AutoCloseable {
    /** Returns when the marked work is done; at once if nothing was ever marked. */
    void synchronize();

    /** Whether the marked work is done. */
    boolean isDone();

    /**
     * Milliseconds on the device from the mark of {@code start} to the mark of this one; both are done.
     *
     * @throws DeviceException if one of them is not marked or not done
     */
    double elapsedMs(Event start);

    @Override
    void close();
}
