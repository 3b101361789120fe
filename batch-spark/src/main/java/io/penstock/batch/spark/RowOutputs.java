package io.penstock.batch.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.penstock.batch.BatchResult;
import io.penstock.batch.line.ResultColumns;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.util.ArrayList;
import java.util.List;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;

/** Makes rows of rows and their results: the columns that came in, and behind them those of the answer. */
final class RowOutputs {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final StructType USAGE = new StructType(new StructField[] {
        DataTypes.createStructField("prompt_tokens", DataTypes.LongType, true),
        DataTypes.createStructField("completion_tokens", DataTypes.LongType, true),
    });

    private final boolean withResponse;

    RowOutputs(TransformSpec spec) {
        withResponse = spec.withResponse();
    }

    /** @throws InputException if a column of that name is there already */
    static StructType schema(TransformSpec spec, StructType input) {
        StructType schema = input;
        for (StructField field : added(spec)) {
            if (input.getFieldIndex(field.name()).isDefined()) {
                throw new InputException("the rows have a column " + field.name()
                        + " already: rename it, or give the option output_prefix");
            }
            schema = schema.add(field);
        }
        return schema;
    }

    private static List<StructField> added(TransformSpec spec) {
        String prefix = spec.outputPrefix();
        List<StructField> fields = new ArrayList<>(List.of(
                DataTypes.createStructField(prefix + "text", DataTypes.StringType, true),
                DataTypes.createStructField(prefix + "finish_reason", DataTypes.StringType, true),
                DataTypes.createStructField(prefix + "usage", USAGE, true),
                DataTypes.createStructField(prefix + "error", DataTypes.StringType, true)));
        if (spec.withResponse()) {
            fields.add(DataTypes.createStructField(prefix + "response", DataTypes.StringType, true));
        }
        return fields;
    }

    Row row(Row input, BatchResult result) {
        ResultColumns columns = ResultColumns.of(parsed(result));
        Object[] values = new Object[input.size() + (withResponse ? 5 : 4)];
        for (int i = 0; i < input.size(); i++) {
            values[i] = input.get(i);
        }
        int next = input.size();
        values[next++] = columns.text();
        values[next++] = columns.finishReason();
        values[next++] = columns.promptTokens() == null ? null
                : RowFactory.create(columns.promptTokens(), columns.completionTokens());
        values[next++] = columns.error();
        if (withResponse) {
            values[next] = columns.response();
        }
        return RowFactory.create(values);
    }

    private static JsonNode parsed(BatchResult result) {
        try {
            return MAPPER.readTree(result.json());
        } catch (IOException e) {
            throw new IllegalStateException("a result line is JSON", e);
        }
    }
}
