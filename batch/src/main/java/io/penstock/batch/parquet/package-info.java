/**
 * Parquet files as inputs and outputs of batch jobs, on this machine alone: a
 * {@link io.penstock.batch.parquet.ParquetSource} gives the rows of files as JSON objects, a
 * {@link io.penstock.batch.parquet.ParquetSink} makes a file of result lines. Both hold some pages or one row group,
 * never a file. The only place that sees the libraries of the format; knows no job and no engine.
 */
package io.penstock.batch.parquet;
