package io.penstock.batch.line;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.runtime.InputException;
import java.util.ArrayList;
import java.util.List;

/**
 * A text with fields of a record in it: {@code {name}} stands for a field, {@code {a.b}} for one inside another, and
 * doubled braces for themselves.
 */
public final class PromptTemplate {
    private final String source;
    private final List<Part> parts = new ArrayList<>();

    /** A piece of text, or the path of a field. */
    private record Part(String text, boolean isField) {}

    /** @throws InputException for a brace without its other one, or a field without a name */
    public PromptTemplate(String source) {
        this.source = source;
        var text = new StringBuilder();
        for (int i = 0; i < source.length(); i++) {
            char c = source.charAt(i);
            boolean isDouble = i + 1 < source.length() && source.charAt(i + 1) == c;
            if (c != '{' && c != '}') {
                text.append(c);
            } else if (isDouble) {
                text.append(c);
                i++;
            } else if (c == '}') {
                throw new InputException("--template has a } without a { at character " + (i + 1)
                        + ": write }} for a brace");
            } else {
                i = addField(i, text);
            }
        }
        addText(text);
    }

    private int addField(int open, StringBuilder before) {
        int close = source.indexOf('}', open);
        if (close < 0) {
            throw new InputException("--template has a { without a } at character " + (open + 1)
                    + ": write {{ for a brace");
        }
        String name = source.substring(open + 1, close).strip();
        if (name.isEmpty() || name.indexOf('{') >= 0) {
            throw new InputException("--template names no field at character " + (open + 1)
                    + ": write {name}, or {{ for a brace");
        }
        addText(before);
        parts.add(new Part(name, true));
        return close;
    }

    private void addText(StringBuilder text) {
        if (!text.isEmpty()) {
            parts.add(new Part(text.toString(), false));
            text.setLength(0);
        }
    }

    /**
     * The text for one record: texts as they are, other values as JSON.
     *
     * @throws InputException if a field is missing or null
     */
    public String fill(JsonNode record) {
        var text = new StringBuilder();
        for (Part part : parts) {
            text.append(part.isField ? value(record, part.text) : part.text);
        }
        return text.toString();
    }

    private static String value(JsonNode record, String path) {
        JsonNode value = record.get(path);
        if (value == null) {
            value = record;
            for (String name : path.split("\\.", -1)) {
                value = value.path(name);
            }
        }
        if (value.isMissingNode() || value.isNull()) {
            throw new InputException("the template wants the field '" + path + "', and the line has none");
        }
        return value.isTextual() ? value.textValue() : value.toString();
    }

    /** As it was given. */
    @Override
    public String toString() {
        return source;
    }
}
