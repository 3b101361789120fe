/**
 * Batch generation inside Spark's executors: a transform of data frames, and a program for {@code spark-submit} around
 * it. Rows are lines of {@code io.penstock.batch.line} with another way in and out, so that a row has the same tokens
 * here and in a batch job. An executor has one engine for all of its tasks. Runs in the shaded jar, beside Spark's own
 * versions of the libraries that it uses; not hot.
 */
package io.penstock.batch.spark;
