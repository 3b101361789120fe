package io.penstock.batch.parquet;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;
import dev.hardwood.row.PqList;
import dev.hardwood.row.PqMap;
import dev.hardwood.row.PqStruct;
import io.penstock.runtime.InputException;
import java.math.BigDecimal;
import java.nio.ByteBuffer;
import java.nio.charset.CharacterCodingException;
import java.nio.charset.StandardCharsets;

/** The values of columns as JSON: structs are objects, lists arrays, times and dates their ISO texts. */
final class RowValues {
    private static final JsonNodeFactory NODES = JsonNodeFactory.instance;

    private RowValues() {}

    /** Old writers mark no text as such. */
    static boolean isText(Object value) {
        return value instanceof String || value instanceof byte[];
    }

    /** @throws InputException if the bytes are no text */
    static String text(String column, Object value) {
        if (!(value instanceof byte[] bytes)) {
            return value.toString();
        }
        try {
            return StandardCharsets.UTF_8.newDecoder().decode(ByteBuffer.wrap(bytes)).toString();
        } catch (CharacterCodingException e) {
            throw new InputException("column " + column + " holds bytes that are no text in UTF-8", e);
        }
    }

    /** @throws InputException if it holds bytes that are no text */
    static JsonNode json(String column, Object value) {
        return switch (value) {
            case null -> NODES.nullNode();
            case Integer number -> NODES.numberNode(number);
            case Long number -> NODES.numberNode(number);
            case Float number -> NODES.numberNode(number);
            case Double number -> NODES.numberNode(number);
            case BigDecimal number -> NODES.numberNode(number);
            case Boolean flag -> NODES.booleanNode(flag);
            case PqStruct struct -> struct(column, struct);
            case PqList list -> list(column, list);
            case PqMap map -> map(column, map);
            default -> NODES.textNode(text(column, value));
        };
    }

    /** A field that is null is left out: requests tell null from absent nowhere. */
    private static ObjectNode struct(String column, PqStruct struct) {
        ObjectNode object = NODES.objectNode();
        for (int i = 0; i < struct.getFieldCount(); i++) {
            if (!struct.isNull(i)) {
                object.set(struct.getFieldName(i), json(column, struct.getValue(i)));
            }
        }
        return object;
    }

    private static ArrayNode list(String column, PqList list) {
        ArrayNode array = NODES.arrayNode();
        for (int i = 0; i < list.size(); i++) {
            array.add(json(column, list.isNull(i) ? null : list.get(i)));
        }
        return array;
    }

    private static ObjectNode map(String column, PqMap map) {
        ObjectNode object = NODES.objectNode();
        for (PqMap.Entry entry : map.getEntries()) {
            object.set(text(column, entry.getKey()), json(column, entry.isValueNull() ? null : entry.getValue()));
        }
        return object;
    }
}
