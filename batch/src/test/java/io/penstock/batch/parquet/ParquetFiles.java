package io.penstock.batch.parquet;

import java.io.IOException;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import java.util.function.Consumer;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.MessageTypeParser;

/** Parquet files as others might write them. */
final class ParquetFiles {
    private ParquetFiles() {}

    /** Rows of one row group for each {@code rowGroupBytes} in memory. */
    static Path write(Path file, String schema, ParquetCompression compression, long rowGroupBytes,
            List<Map<String, Object>> rows) throws IOException {
        MessageType type = MessageTypeParser.parseMessageType(schema);
        try (var groups = new RowGroups(file, type, compression, rowGroupBytes)) {
            for (Map<String, Object> row : rows) {
                groups.write(flat(type, row));
            }
            groups.finish(Map.of());
        }
        return file;
    }

    static Path write(Path file, String schema, List<Map<String, Object>> rows) throws IOException {
        return write(file, schema, ParquetCompression.ZSTD, RowGroups.ROW_GROUP_BYTES, rows);
    }

    private static Consumer<RecordConsumer> flat(MessageType type, Map<String, Object> row) {
        return consumer -> {
            for (int i = 0; i < type.getFieldCount(); i++) {
                Object value = row.get(type.getFieldName(i));
                if (value == null) {
                    continue;
                }
                consumer.startField(type.getFieldName(i), i);
                switch (value) {
                    case String text -> consumer.addBinary(Binary.fromString(text));
                    case byte[] bytes -> consumer.addBinary(Binary.fromConstantByteArray(bytes));
                    case Integer number -> consumer.addInteger(number);
                    case Long number -> consumer.addLong(number);
                    case Double number -> consumer.addDouble(number);
                    default -> throw new IllegalArgumentException(value.getClass().getName());
                }
                consumer.endField(type.getFieldName(i), i);
            }
        };
    }
}
