/**
 * Batch jobs: what goes in and out of them, as ports. A {@link io.penstock.batch.BatchSource} gives records one after
 * the other, each a JSON object with a place that it can be found at again; a {@link io.penstock.batch.BatchEngine}
 * answers requests in any order; a {@link io.penstock.batch.BatchResult} is the one line that comes of a record; a
 * {@link io.penstock.batch.BatchSink} makes the final output of all lines when a job is done. Nothing here holds more
 * of input or output than a bounded window, and a record has the same result in every run of the same job: ids and
 * seeds come from its custom_id. Knows no file format, no protocol and no thread.
 */
package io.penstock.batch;
