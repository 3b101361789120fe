package io.penstock.batch.parquet;

import io.penstock.batch.line.ResultColumns;
import java.util.function.Consumer;
import org.apache.parquet.io.api.Binary;
import org.apache.parquet.io.api.RecordConsumer;
import org.apache.parquet.schema.LogicalTypeAnnotation;
import org.apache.parquet.schema.MessageType;
import org.apache.parquet.schema.PrimitiveType;
import org.apache.parquet.schema.PrimitiveType.PrimitiveTypeName;
import org.apache.parquet.schema.Types;

/** The columns of a result as a row. */
record ResultRow(ResultColumns columns) implements Consumer<RecordConsumer> {
    static final MessageType SCHEMA = Types.buildMessage()
            .addField(text("custom_id"))
            .addField(text("text"))
            .addField(text("finish_reason"))
            .addField(Types.optional(PrimitiveTypeName.INT64).named("prompt_tokens"))
            .addField(Types.optional(PrimitiveTypeName.INT64).named("completion_tokens"))
            .addField(text("error"))
            .addField(text("response"))
            .named("result");

    private static PrimitiveType text(String name) {
        return Types.optional(PrimitiveTypeName.BINARY).as(LogicalTypeAnnotation.stringType()).named(name);
    }

    @Override
    public void accept(RecordConsumer row) {
        add(row, 0, columns.customId());
        add(row, 1, columns.text());
        add(row, 2, columns.finishReason());
        add(row, 3, columns.promptTokens());
        add(row, 4, columns.completionTokens());
        add(row, 5, columns.error());
        add(row, 6, columns.response());
    }

    private static void add(RecordConsumer row, int field, Object value) {
        if (value == null) {
            return;
        }
        row.startField(SCHEMA.getFieldName(field), field);
        switch (value) {
            case Long number -> row.addLong(number);
            default -> row.addBinary(Binary.fromString(value.toString()));
        }
        row.endField(SCHEMA.getFieldName(field), field);
    }
}
