package io.penstock.batch;

import java.io.IOException;

/**
 * Gives the records of an input in order, one at a time; holds no more of them than it must. One thread reads.
 *
 * <p>A place is where the next record begins, a number that only the source understands (a byte of a file, a row of a
 * table). A job notes places and comes back to one, perhaps in another process, with a new source over the same input.
 */
public interface BatchSource extends AutoCloseable {
    /**
     * The next record, or null behind the last one. A record that cannot be understood is
     * {@link BatchRecord#broken broken}, and the ones behind it come all the same.
     *
     * @throws IOException if the input cannot be read any further: the job stops and can be resumed
     */
    BatchRecord next() throws IOException;

    /** Where the record that {@link #next} will give begins; rises. */
    Place place();

    /**
     * Goes to a place that {@link #place} gave, of this source or of another over the same input.
     *
     * @throws IOException if it is not there any more
     */
    void seek(Place place) throws IOException;

    @Override
    void close() throws IOException;

    /**
     * Where a record begins.
     *
     * @param position what the source finds it by
     * @param number the number that the next record has at least
     */
    record Place(long position, long number) {
        /** Before the first record. */
        public static final Place START = new Place(0, 0);
    }
}
