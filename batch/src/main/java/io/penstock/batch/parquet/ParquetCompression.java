package io.penstock.batch.parquet;

/**
 * How the pages of a Parquet output are compressed. Names no class of the format's library, so that a program that was
 * packed without it still lists its options.
 */
public enum ParquetCompression {
    ZSTD,
    SNAPPY,
    GZIP,
    NONE
}
