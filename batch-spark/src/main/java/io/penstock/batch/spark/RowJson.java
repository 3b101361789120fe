package io.penstock.batch.spark;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import java.math.BigDecimal;
import java.util.Base64;
import java.util.Map;
import org.apache.spark.sql.Row;
import scala.jdk.javaapi.CollectionConverters;

/** The values of rows as JSON: structs are objects, lists arrays, times and dates their ISO texts, bytes Base64. */
final class RowJson {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private RowJson() {}

    static JsonNode of(Object value) {
        return switch (value) {
            case null -> NODES.nullNode();
            case String text -> NODES.textNode(text);
            case Boolean flag -> NODES.booleanNode(flag);
            case Byte number -> NODES.numberNode(number.intValue());
            case Short number -> NODES.numberNode(number.intValue());
            case Integer number -> NODES.numberNode(number);
            case Long number -> NODES.numberNode(number);
            case Float number -> NODES.numberNode(number);
            case Double number -> NODES.numberNode(number);
            case BigDecimal number -> NODES.numberNode(number);
            case byte[] bytes -> NODES.textNode(Base64.getEncoder().encodeToString(bytes));
            case Row row -> struct(row);
            case scala.collection.Map<?, ?> map -> map(map);
            case scala.collection.Iterable<?> list -> list(list);
            default -> NODES.textNode(value.toString());
        };
    }

    /** A field that is null is left out: requests tell null from absent nowhere. */
    static ObjectNode struct(Row row) {
        ObjectNode object = NODES.objectNode();
        String[] names = row.schema().fieldNames();
        for (int i = 0; i < names.length; i++) {
            if (!row.isNullAt(i)) {
                object.set(names[i], of(row.get(i)));
            }
        }
        return object;
    }

    private static ArrayNode list(scala.collection.Iterable<?> list) {
        ArrayNode array = NODES.arrayNode();
        CollectionConverters.asJava(list).forEach(value -> array.add(of(value)));
        return array;
    }

    private static ObjectNode map(scala.collection.Map<?, ?> map) {
        ObjectNode object = NODES.objectNode();
        for (Map.Entry<?, ?> entry : CollectionConverters.asJava(map).entrySet()) {
            object.set(String.valueOf(entry.getKey()), of(entry.getValue()));
        }
        return object;
    }
}
