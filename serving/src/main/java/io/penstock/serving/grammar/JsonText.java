package io.penstock.serving.grammar;

import static io.penstock.serving.grammar.Expression.NEVER;
import static io.penstock.serving.grammar.Expression.UNBOUNDED;
import static io.penstock.serving.grammar.Expression.choice;
import static io.penstock.serving.grammar.Expression.of;
import static io.penstock.serving.grammar.Expression.optional;
import static io.penstock.serving.grammar.Expression.range;
import static io.penstock.serving.grammar.Expression.repeat;
import static io.penstock.serving.grammar.Expression.sequence;
import static io.penstock.serving.grammar.Expression.star;
import static io.penstock.serving.grammar.Expression.text;

import com.fasterxml.jackson.databind.JsonNode;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * How JSON is written, as strict parsers read it. White space is bounded: behind an opening bracket or a comma and in
 * front of a closing bracket nothing, one space, or a line break and at most 32 spaces; behind a colon at most one
 * space; nowhere else. Integers have at most 18 digits, other numbers at most 16 in front of and behind the point, and
 * two in the exponent.
 */
final class JsonText {
    /** Digits of an integer. */
    static final int MAX_INTEGER_DIGITS = 18;

    /** Digits in front of a point, and behind it. */
    static final int MAX_DIGITS = 16;

    private static final int MAX_INDENT = 32;
    private static final CodePoints CONTROLS = CodePoints.range(0, 0x1F);
    private static final CodePoints QUOTED = CodePoints.of('"', '\\').or(CONTROLS);

    final Expression digit = range('0', '9');
    private final Expression hexDigit = choice(range('0', '9'), range('a', 'f'), range('A', 'F'));
    private final Expression.Rule indent = new Expression.Rule();
    private final Expression.Rule anyValue = new Expression.Rule();

    /** Nothing, a space, or a line break with an indent. */
    final Expression space;

    /** One code point of a string, in any spelling. */
    final Expression character;
    final Expression integer;
    final Expression number;
    final Expression string;
    final Expression bool;
    final Expression nothing;

    /** Any object. */
    final Expression object;

    /** Any value; one frame of the stack deeper than what it is in. */
    final Expression any = new Expression.Call(anyValue);

    /** @param isForTools as readers of tool calls take it: no {@code \/}, and constants as in Python as well */
    JsonText(boolean isForTools) {
        indent.body = choice(of(' '), sequence(of('\n'), repeat(of(' '), 0, MAX_INDENT)));
        space = optional(new Expression.Call(indent));
        character = choice(CodePoints.ALL.minus(QUOTED).utf8(), sequence(of('\\'), escape(!isForTools)));
        Expression nonZero = range('1', '9');
        integer = choice(of('0'), sequence(optional(of('-')), nonZero, repeat(digit, 0, MAX_INTEGER_DIGITS - 1)));
        number = sequence(optional(of('-')), choice(of('0'), sequence(nonZero, repeat(digit, 0, MAX_DIGITS - 1))),
                optional(sequence(of('.'), repeat(digit, 1, MAX_DIGITS))),
                optional(sequence(choice(of('e'), of('E')), optional(choice(of('+'), of('-'))), repeat(digit, 1, 2))));
        string = quoted(star(character));
        object = bracketed('{', '}', list(member(string, any), 1, UNBOUNDED), true);
        bool = isForTools ? choice(text("true"), text("false"), text("True"), text("False"))
                : choice(text("true"), text("false"));
        nothing = isForTools ? choice(text("null"), text("None")) : text("null");
        anyValue.body = choice(object, bracketed('[', ']', list(any, 1, UNBOUNDED), true), string, number,
                bool, nothing);
    }

    /** Escapes of single characters, and of code units: a surrogate never alone. */
    private Expression escape(boolean escapesSlash) {
        Expression d = choice(of('d'), of('D'));
        Expression high = sequence(d, choice(range('8', '9'), range('a', 'b'), range('A', 'B')), hexDigit, hexDigit);
        Expression low = sequence(d, choice(range('c', 'f'), range('C', 'F')), hexDigit, hexDigit);
        Expression ordinary = choice(
                sequence(choice(range('0', '9'), range('a', 'c'), range('e', 'f'), range('A', 'C'), range('E', 'F')),
                        hexDigit, hexDigit, hexDigit),
                sequence(d, range('0', '7'), hexDigit, hexDigit));
        return choice(of('"'), of('\\'), escapesSlash ? of('/') : NEVER, of('b'), of('f'), of('n'), of('r'), of('t'),
                sequence(of('u'), choice(ordinary, sequence(high, text("\\u"), low))));
    }

    static Expression quoted(Expression content) {
        return sequence(of('"'), content, of('"'));
    }

    /** One code point of a set inside a string: as it is where JSON permits that, else in its shortest escape. */
    static Expression encoded(CodePoints set) {
        List<Expression> parts = new ArrayList<>();
        parts.add(set.minus(QUOTED).utf8());
        for (CodePoints.Range range : set.and(QUOTED).ranges()) {
            for (int c = range.from(); c <= range.to(); c++) {
                parts.add(text(escaped(c)));
            }
        }
        return choice(parts);
    }

    private static String escaped(int c) {
        return switch (c) {
            case '"' -> "\\\"";
            case '\\' -> "\\\\";
            case '\b' -> "\\b";
            case '\f' -> "\\f";
            case '\n' -> "\\n";
            case '\r' -> "\\r";
            case '\t' -> "\\t";
            default -> String.format("\\u%04x", c);
        };
    }

    /** A string's content with each code point as {@link #encoded} writes it. Lone surrogates have no place in it. */
    static String escaped(String text) {
        StringBuilder out = new StringBuilder();
        text.codePoints().forEach(c -> {
            if (QUOTED.contains(c)) {
                out.append(escaped(c));
            } else {
                out.appendCodePoint(c);
            }
        });
        return out.toString();
    }

    static Expression literal(String text) {
        return text('"' + escaped(text) + '"');
    }

    Expression member(Expression key, Expression value) {
        return sequence(key, of(':'), optional(of(' ')), value);
    }

    /** {@code min} (at least one) to {@code max} items, with commas between them. */
    Expression list(Expression item, int min, int max) {
        return sequence(item, repeat(separated(item), min - 1, max == UNBOUNDED ? UNBOUNDED : max - 1));
    }

    /** A comma, and an item. */
    Expression separated(Expression item) {
        return sequence(of(','), space, item);
    }

    /** @param content never empty; {@link Expression#NEVER} for none */
    Expression bracketed(char open, char close, Expression content, boolean mayBeEmpty) {
        Expression full = content == NEVER ? NEVER : sequence(of(open), space, content, space, of(close));
        return choice(mayBeEmpty ? sequence(of(open), space, of(close)) : NEVER, full);
    }

    /** A value, character by character as it stands, but for the white space inside. */
    Expression constant(JsonNode value) {
        if (value.isObject()) {
            List<Expression> members = new ArrayList<>();
            for (Map.Entry<String, JsonNode> entry : value.properties()) {
                Expression member = member(literal(entry.getKey()), constant(entry.getValue()));
                members.add(members.isEmpty() ? member : separated(member));
            }
            return bracketed('{', '}', all(members), members.isEmpty());
        }
        if (value.isArray()) {
            List<Expression> items = new ArrayList<>();
            for (JsonNode item : value) {
                items.add(items.isEmpty() ? constant(item) : separated(constant(item)));
            }
            return bracketed('[', ']', all(items), items.isEmpty());
        }
        return value.isTextual() ? literal(value.textValue()) : text(value.toString());
    }

    private static Expression all(List<Expression> parts) {
        return parts.isEmpty() ? NEVER : sequence(parts.toArray(Expression[]::new));
    }
}
