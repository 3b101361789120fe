package io.penstock.batch.spark;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.batch.BatchRecord;
import io.penstock.batch.RecordKey;
import io.penstock.batch.line.LineOptions;
import io.penstock.batch.line.RequestEnvelope;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.Locale;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.types.ArrayType;
import org.apache.spark.sql.types.DataType;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StringType;
import org.apache.spark.sql.types.StructType;
import org.apache.spark.sql.types.VariantType;

/** Makes records of a batch job of rows. A row without a name gets one made of its content, the same in every run. */
final class RowRecords {
    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    private final RequestSpec.Columns columns;
    private final int column;
    private final int idColumn;

    /** @param schema of the rows, which {@link #requireColumns} has passed */
    RowRecords(RequestSpec spec, StructType schema) {
        columns = spec.columns();
        column = columns.input() == null ? -1 : schema.fieldIndex(columns.input());
        idColumn = columns.id() == null ? -1 : schema.fieldIndex(columns.id());
    }

    /** @throws InputException if the rows have no such columns of such types */
    static void requireColumns(RequestSpec spec, StructType schema) {
        RequestSpec.Columns columns = spec.columns();
        if (columns.id() != null) {
            DataType type = type(schema, columns.id(), "id");
            if (!(type instanceof StringType) && !type.equals(DataTypes.IntegerType)
                    && !type.equals(DataTypes.LongType)) {
                throw wrongType("id", columns.id(), "texts or integers", type);
            }
        }
        if (columns.input() == null) {
            return;
        }
        String option = columns.kind().name().toLowerCase(Locale.ROOT);
        DataType type = type(schema, columns.input(), option);
        boolean isText = type instanceof StringType;
        switch (columns.kind()) {
            case PROMPT -> require(isText, option, columns.input(), "texts", type);
            case MESSAGES -> require(isText || type instanceof VariantType
                    || type instanceof ArrayType list && list.elementType() instanceof StructType, option,
                    columns.input(), "lists of structs, or texts that hold JSON arrays", type);
            case BODY -> require(isText || type instanceof VariantType || type instanceof StructType, option,
                    columns.input(), "structs, or texts that hold JSON objects", type);
            case TEMPLATE -> throw new IllegalStateException("a template has no column");
        }
    }

    private static DataType type(StructType schema, String name, String option) {
        if (!schema.getFieldIndex(name).isDefined()) {
            throw new InputException("option " + option + ": there is no column " + name + " among "
                    + String.join(", ", schema.fieldNames()));
        }
        return schema.apply(name).dataType();
    }

    private static void require(boolean fits, String option, String name, String wanted, DataType type) {
        if (!fits) {
            throw wrongType(option, name, wanted, type);
        }
    }

    private static InputException wrongType(String option, String name, String wanted, DataType type) {
        return new InputException("option " + option + ": column " + name + " must hold " + wanted + ", not "
                + type.simpleString());
    }

    /** @param number of the row in its partition */
    BatchRecord record(long number, Row row) {
        try {
            ObjectNode line = line(row);
            String id = idColumn < 0 || row.isNullAt(idColumn)
                    ? RecordKey.of(line.toString()).hex() : row.get(idColumn).toString();
            line.put(LineOptions.Plain.CUSTOM_ID, id);
            return new BatchRecord(number, line.toString().getBytes(StandardCharsets.UTF_8));
        } catch (InputException e) {
            return BatchRecord.broken(number, e);
        }
    }

    private ObjectNode line(Row row) {
        ObjectNode line = JsonNodeFactory.instance.objectNode();
        switch (columns.kind()) {
            case PROMPT -> line.set("prompt", value(row));
            case MESSAGES -> line.set("messages", json(value(row)));
            case BODY -> RequestEnvelope.put(line, json(value(row)));
            case TEMPLATE -> line.setAll(RowJson.struct(row));
        }
        return line;
    }

    private JsonNode value(Row row) {
        if (row.isNullAt(column)) {
            throw new InputException("column " + columns.input() + " is null");
        }
        return RowJson.of(row.get(column));
    }

    /** What texts and variants say. */
    private JsonNode json(JsonNode value) {
        if (!value.isTextual()) {
            return value;
        }
        try {
            return MAPPER.readTree(value.textValue());
        } catch (IOException e) {
            throw new InputException("column " + columns.input() + " holds no JSON: "
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
        }
    }
}
