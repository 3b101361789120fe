package io.penstock.serving.api;

import java.io.IOException;
import java.io.OutputStream;

/** Writes the metrics as a scraper reads them; any thread may ask. */
@FunctionalInterface
public interface MetricsWriter {
    /**
     * Writes all of them.
     *
     * @param accept the header of who asks, or null
     * @return the type of what was written
     */
    String write(OutputStream out, String accept) throws IOException;
}
