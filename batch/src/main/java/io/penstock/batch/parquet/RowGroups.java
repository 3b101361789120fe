package io.penstock.batch.parquet;

import java.io.IOException;
import java.nio.file.Path;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.parquet.column.ColumnWriteStore;
import org.apache.parquet.column.ParquetProperties;
import org.apache.parquet.hadoop.ColumnChunkPageWriteStore;
import org.apache.parquet.hadoop.ParquetFileWriter;
import org.apache.parquet.io.ColumnIOFactory;
import org.apache.parquet.io.LocalOutputFile;
import org.apache.parquet.io.MessageColumnIO;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;

/**
 * Writes one Parquet file, a row group at a time, by the parts of the format's library that know no Hadoop. Holds the
 * row group that is being filled.
 */
final class RowGroups implements AutoCloseable {
    /** What a row group takes in memory before it is written. */
    static final long ROW_GROUP_BYTES = 64L << 20;

    private static final int MAX_PADDING_BYTES = 0;

    private final MessageType schema;
    private final ParquetCompression compression;
    private final long rowGroupBytes;
    private final ParquetProperties properties = ParquetProperties.builder().build();
    private final MessageColumnIO columns;
    private final ParquetFileWriter file;
    private ColumnChunkPageWriteStore pages;
    private ColumnWriteStore values;
    private RecordConsumer consumer;
    private long numRows;

    /** @param target must not be there yet */
    RowGroups(Path target, MessageType schema, ParquetCompression compression, long rowGroupBytes)
            throws IOException {
        this.schema = schema;
        this.compression = compression;
        this.rowGroupBytes = rowGroupBytes;
        columns = new ColumnIOFactory().getColumnIO(schema);
        file = new ParquetFileWriter(new LocalOutputFile(target), schema, ParquetFileWriter.Mode.CREATE,
                rowGroupBytes, MAX_PADDING_BYTES, null, properties);
        file.start();
        begin();
    }

    private void begin() {
        pages = new ColumnChunkPageWriteStore(new PageCompressor(compression), schema, properties.getAllocator(),
                properties.getColumnIndexTruncateLength(), properties.getPageWriteChecksumEnabled());
        values = properties.newColumnWriteStore(schema, pages, pages);
        consumer = columns.getRecordWriter(values);
        numRows = 0;
    }

    /** Adds what {@code row} tells the consumer, between the start and the end of a message. */
    void write(Consumer<RecordConsumer> row) throws IOException {
        consumer.startMessage();
        row.accept(consumer);
        consumer.endMessage();
        numRows++;
        if (values.getBufferedSize() >= rowGroupBytes) {
            end();
            begin();
        }
    }

    private void end() throws IOException {
        if (numRows > 0) {
            consumer.flush();
            values.flush();
            file.startBlock(numRows);
            pages.flushToFileWriter(file);
            file.endBlock();
        }
        values.close();
        pages.close();
    }

    /** Writes the last row group and the index, without which nothing can be read. */
    void finish(Map<String, String> metadata) throws IOException {
        end();
        file.end(metadata);
    }

    /** Closes the file, whole or not. */
    @Override
    public void close() throws IOException {
        file.close();
    }
}
