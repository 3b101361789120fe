package io.penstock.batch;

import java.io.IOException;
import java.util.function.LongConsumer;

/** An input by its name: what a source is opened over, and what a changed input is told by. */
public interface BatchInput {
    /** What a person calls it. */
    String name();

    /** Whether {@link #open} may be called again, and a source goes back to a place: not so for a pipe. */
    boolean isRepeatable();

    /** A source over all of it, at its start. */
    BatchSource open() throws IOException;

    /** Size and time of change: if these are as they were, so is the input. Changes with it, and costs nothing. */
    Stamp stamp() throws IOException;

    /**
     * Reads all of it.
     *
     * @param read told the number of bytes that were read so far
     */
    Contents contents(LongConsumer read) throws IOException;

    /** @param modifiedMs since 1970 */
    record Stamp(long bytes, long modifiedMs) {}

    /**
     * What is in it.
     *
     * @param sha256 of its bytes, as hexadecimal digits
     */
    record Contents(String sha256, long records) {}
}
