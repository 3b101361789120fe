package io.penstock.batch.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNotEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.penstock.batch.BatchRecord;
import java.io.IOException;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.apache.spark.sql.Row;
import org.apache.spark.sql.RowFactory;
import org.apache.spark.sql.catalyst.expressions.GenericRowWithSchema;
import org.apache.spark.sql.types.DataTypes;
import org.apache.spark.sql.types.StructField;
import org.apache.spark.sql.types.StructType;
import org.junit.jupiter.api.Test;
import scala.jdk.javaapi.CollectionConverters;

class RowRecordsTest {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final StructType MESSAGE = new StructType(new StructField[] {
        DataTypes.createStructField("role", DataTypes.StringType, true),
        DataTypes.createStructField("content", DataTypes.StringType, true),
        DataTypes.createStructField("name", DataTypes.StringType, true),
    });
    private static final StructType SCHEMA = new StructType(new StructField[] {
        DataTypes.createStructField("id", DataTypes.LongType, true),
        DataTypes.createStructField("q", DataTypes.StringType, true),
        DataTypes.createStructField("m", DataTypes.createArrayType(MESSAGE), true),
    });

    private static RowRecords records(String... namesAndValues) {
        Map<String, String> options = new HashMap<>(Map.of("model", "m"));
        for (int i = 0; i < namesAndValues.length; i += 2) {
            options.put(namesAndValues[i], namesAndValues[i + 1]);
        }
        RequestSpec spec = TransformSpec.of(options).request();
        RowRecords.requireColumns(spec, SCHEMA);
        return new RowRecords(spec, SCHEMA);
    }

    private static Row row(Long id, String q) {
        Row message = new GenericRowWithSchema(new Object[] {"user", "Hi", null}, MESSAGE);
        return new GenericRowWithSchema(
                new Object[] {id, q, CollectionConverters.asScala(List.of(message)).toSeq()}, SCHEMA);
    }

    private static JsonNode json(RowRecords records, Row row) throws IOException {
        BatchRecord record = records.record(0, row);
        return record.problem() == null ? MAPPER.readTree(record.json()) : null;
    }

    @Test
    void eachKindOfColumnIsALine() throws IOException {
        assertEquals(MAPPER.readTree("{\"prompt\":\"Why?\",\"custom_id\":\"5\"}"),
                json(records("prompt", "q", "id", "id"), row(5L, "Why?")));
        assertEquals(MAPPER.readTree("{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}],\"custom_id\":\"5\"}"),
                json(records("messages", "m", "id", "id"), row(5L, "")));
        assertEquals(MAPPER.readTree("{\"messages\":[1],\"custom_id\":\"5\"}"),
                json(records("messages", "q", "id", "id"), row(5L, "[1]")));
        assertEquals("/v1/chat/completions",
                json(records("body", "q", "id", "id"), row(5L, "{\"messages\":[]}")).get("url").textValue());
        assertEquals("/v1/completions",
                json(records("body", "q", "id", "id"), row(5L, "{\"prompt\":\"\"}")).get("url").textValue());
        JsonNode whole = json(records("template", "{q}: {m}"), row(5L, "x"));
        assertEquals("x", whole.get("q").textValue());
        assertEquals(5, whole.get("id").intValue());
    }

    @Test
    void aRowWithoutANameIsNamedByItsContent() throws IOException {
        RowRecords records = records("prompt", "q");
        String name = json(records, row(1L, "a")).get("custom_id").textValue();
        assertEquals(name, json(records, row(2L, "a")).get("custom_id").textValue());
        assertNotEquals(name, json(records, row(1L, "b")).get("custom_id").textValue());
        assertEquals(name, json(records("prompt", "q", "id", "id"), row(null, "a")).get("custom_id").textValue());
    }

    @Test
    void whatCannotBeReadIsBroken() {
        assertEquals("column q is null",
                records("prompt", "q").record(3, row(1L, null)).problem().getMessage());
        BatchRecord broken = records("messages", "q").record(3, row(1L, "[{"));
        assertTrue(broken.problem().getMessage().startsWith("column q holds no JSON: "));
        assertEquals(3, broken.number());
    }

    @Test
    void valuesOfEveryTypeAreJson() throws IOException {
        Row row = RowFactory.create(1);
        assertEquals("[1,null,2.5,true,\"x\",\"AQI=\",\"2026-01-02\"]", RowJson.of(CollectionConverters.asScala(
                java.util.Arrays.asList(row.get(0), null, 2.5, true, "x", new byte[] {1, 2},
                        java.sql.Date.valueOf("2026-01-02")))).toString());
        assertEquals("{\"a\":1}", RowJson.of(CollectionConverters.asScala(Map.of("a", (short) 1))).toString());
    }
}
