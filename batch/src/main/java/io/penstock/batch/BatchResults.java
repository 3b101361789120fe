package io.penstock.batch;

import java.util.Iterator;

/**
 * The results of a source's records as they are done. One thread takes them; any thread may stop or close. The source
 * is read, on a thread of its own, only as far as a bounded window, so a taker that waits holds everything up.
 */
public interface BatchResults extends Iterator<BatchResult>, AutoCloseable {
    /**
     * Waits for the next result.
     *
     * @throws BatchException if the job cannot go on, behind the results of all that was under way
     */
    @Override
    boolean hasNext();

    /** In front of it every record has a result that was taken, or needs none: where to go on another day. */
    BatchSource.Place donePlace();

    /** Reads no more records; what is under way is finished. */
    void stop();

    /** Ends what is under way and forgets what was not taken. */
    @Override
    void close();
}
