package io.penstock.batch.parquet;

import com.fasterxml.jackson.databind.DeserializationFeature;
import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hardwood.metadata.LogicalType;
import dev.hardwood.metadata.PhysicalType;
import dev.hardwood.row.StructAccessor;
import dev.hardwood.schema.FileSchema;
import dev.hardwood.schema.SchemaNode;
import io.penstock.batch.BatchRecord;
import io.penstock.batch.line.RequestEnvelope;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;

/** Makes records of rows, by the columns that were found in a schema. */
final class RowRecords {
    private static final JsonMapper MAPPER =
            JsonMapper.builder().enable(DeserializationFeature.FAIL_ON_TRAILING_TOKENS).build();

    /** What a column becomes in its record. */
    private enum Kind {
        VALUE("of any type"),
        TEXT("texts"),
        NAME("texts or integers"),
        ARRAY("lists, or texts that hold JSON arrays"),
        OBJECT("structs, or texts that hold JSON objects");

        private final String types;

        Kind(String types) {
            this.types = types;
        }
    }

    private record Field(String column, String name, Kind kind) {}

    private final List<Field> fields;

    private RowRecords(List<Field> fields) {
        this.fields = fields;
    }

    /** @throws InputException if there is no such column, or it has another type */
    static RowRecords of(Path path, FileSchema schema, ParquetColumns columns) {
        List<SchemaNode> found = schema.getRootNode().children();
        List<String> names = found.stream().map(SchemaNode::name).toList();
        List<Field> fields = new ArrayList<>();
        if (columns.customId() != null || names.contains(ParquetColumns.CUSTOM_ID)) {
            String name = columns.customId() == null ? ParquetColumns.CUSTOM_ID : columns.customId();
            fields.add(new Field(name, columns.body() == null ? name : ParquetColumns.CUSTOM_ID, Kind.NAME));
        }
        if (columns.prompt() != null) {
            fields.add(new Field(columns.prompt(), "prompt", Kind.TEXT));
        } else if (columns.messages() != null) {
            fields.add(new Field(columns.messages(), "messages", Kind.ARRAY));
        } else if (columns.body() != null) {
            fields.add(new Field(columns.body(), "body", Kind.OBJECT));
        } else {
            addAll(fields, names);
        }
        for (Field field : fields) {
            requireColumn(path, found, field);
        }
        return new RowRecords(fields);
    }


    private static void addAll(List<Field> fields, List<String> names) {
        for (String name : names) {
            if (fields.stream().noneMatch(field -> field.column.equals(name))) {
                fields.add(new Field(name, name, Kind.VALUE));
            }
        }
    }

    private static void requireColumn(Path path, List<SchemaNode> found, Field field) {
        SchemaNode node = found.stream().filter(column -> column.name().equals(field.column)).findFirst()
                .orElseThrow(() -> new InputException(path + " has no column " + field.column + ": it has "
                        + String.join(", ", found.stream().map(SchemaNode::name).toList())));
        boolean fits = switch (node) {
            case SchemaNode.PrimitiveNode primitive -> field.kind == Kind.VALUE || isText(primitive)
                    || field.kind == Kind.NAME && isName(primitive);
            case SchemaNode.GroupNode group -> field.kind == Kind.VALUE || field.kind == Kind.ARRAY && group.isList()
                    || field.kind == Kind.OBJECT && group.isStruct();
        };
        if (!fits) {
            throw new InputException(path + ": column " + field.column + " must hold " + field.kind.types + ", not "
                    + typeOf(node));
        }
    }

    private static boolean isText(SchemaNode.PrimitiveNode node) {
        return node.type() == PhysicalType.BYTE_ARRAY && !(node.logicalType() instanceof LogicalType.DecimalType);
    }

    private static boolean isName(SchemaNode.PrimitiveNode node) {
        return node.logicalType() instanceof LogicalType.UuidType
                || (node.type() == PhysicalType.INT32 || node.type() == PhysicalType.INT64)
                        && (node.logicalType() == null || node.logicalType() instanceof LogicalType.IntType);
    }

    private static String typeOf(SchemaNode node) {
        return switch (node) {
            case SchemaNode.PrimitiveNode primitive -> primitive.logicalType() == null ? primitive.type().toString()
                    : primitive.type() + " (" + primitive.logicalType().getClass().getSimpleName() + ")";
            case SchemaNode.GroupNode group -> group.isList() ? "lists" : group.isMap() ? "maps" : "structs";
        };
    }

    /** The columns that are read. */
    String[] columns() {
        return fields.stream().map(Field::column).toArray(String[]::new);
    }

    /** One row as a record, broken if a value is not what its column was said to hold. */
    BatchRecord record(long number, StructAccessor row) {
        ObjectNode line = JsonNodeFactory.instance.objectNode();
        try {
            for (Field field : fields) {
                put(line, field, row);
            }
        } catch (InputException e) {
            return BatchRecord.broken(number, e);
        }
        return new BatchRecord(number, line.toString().getBytes(StandardCharsets.UTF_8));
    }

    private static void put(ObjectNode line, Field field, StructAccessor row) {
        if (row.isNull(field.column)) {
            if (field.kind == Kind.TEXT || field.kind == Kind.ARRAY || field.kind == Kind.OBJECT) {
                throw new InputException("column " + field.column + " is null: give every row a value");
            }
            return;
        }
        Object value = row.getValue(field.column);
        switch (field.kind) {
            case VALUE -> line.set(field.name, RowValues.json(field.column, value));
            case TEXT, NAME -> line.put(field.name, RowValues.text(field.column, value));
            case ARRAY -> line.set(field.name, parsed(field, value));
            case OBJECT -> RequestEnvelope.put(line, parsed(field, value));
        }
    }

    /** What texts say, and other values as they are. */
    private static JsonNode parsed(Field field, Object value) {
        JsonNode node;
        try {
            node = RowValues.isText(value) ? MAPPER.readTree(RowValues.text(field.column, value))
                    : RowValues.json(field.column, value);
        } catch (IOException e) {
            throw new InputException("column " + field.column + " holds no JSON: "
                    + String.valueOf(e.getMessage()).lines().findFirst().orElse(""), e);
        }
        if (field.kind == Kind.OBJECT ? !node.isObject() : !node.isArray()) {
            throw new InputException("column " + field.column + " must hold a JSON "
                    + (field.kind == Kind.OBJECT ? "object" : "array") + ", not "
                    + node.getNodeType().name().toLowerCase(Locale.ROOT));
        }
        return node;
    }
}
