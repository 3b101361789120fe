package io.penstock.batch;

import java.io.IOException;
import java.nio.file.Path;

/**
 * Makes the final output of a finished job. While the job runs, its results are appended to a file of lines that
 * survives anything; when the last one is there, that file becomes the output.
 */
public interface BatchSink {
    /**
     * Makes {@code target} of a file of result lines ({@link BatchResult#json}), each of another record, in the order
     * in which they were done. The target appears whole or not at all: write beside it, force, rename. May be called
     * again, after a crash, with {@code lines} as before or, if the last call removed it, with the target in its place.
     *
     * @param lines may be moved or removed, but not before the target is there
     * @throws IOException if it cannot be written: the job stops and can be resumed
     */
    void commit(Path lines, Path target) throws IOException;
}
