package io.penstock.serving.output;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.regex.Matcher;
import java.util.regex.Pattern;

/**
 * The slow twin of {@link OutputParser} with {@link OutputFormat#TOOL_CALLS}: recursive descent over the whole text,
 * read back and forth as it likes.
 */
final class ReferenceToolCalls {
    private static final class Malformed extends RuntimeException {
        private static final long serialVersionUID = 1L;
    }

    private static final String START = "<|tool_call_start|>";
    private static final String END = "<|tool_call_end|>";
    private static final Pattern NUMBER = Pattern.compile("[+-]?(\\d+\\.?\\d*|\\.\\d+)([eE][+-]?\\d+)?");

    private final String s;
    private int at;

    private ReferenceToolCalls(String s) {
        this.s = s;
    }

    static ParsedOutput parse(String s) {
        StringBuilder content = new StringBuilder();
        List<ToolCall> calls = new ArrayList<>();
        int i = 0;
        while (i < s.length()) {
            if (s.startsWith("<think>", i)) {
                int end = s.indexOf("</think>", i);
                end = end < 0 ? s.length() : end + "</think>".length();
                content.append(s, i, end);
                i = end;
            } else if (s.startsWith(START, i)) {
                ReferenceToolCalls block = new ReferenceToolCalls(s);
                block.at = i + START.length();
                try {
                    calls.addAll(block.block());
                    i = block.at;
                } catch (Malformed malformed) {
                    content.append(START);
                    i += START.length();
                }
            } else {
                content.append(s.charAt(i++));
            }
        }
        boolean blank = content.chars().allMatch(Characters::isWhiteSpace);
        return new ParsedOutput(blank && !calls.isEmpty() ? "" : content.toString(), "", calls);
    }

    private List<ToolCall> block() {
        List<ToolCall> calls = new ArrayList<>();
        boolean trailingComma = false;
        if (take('[')) {
            boolean objects = peek() == '{';
            while (!take(']')) {
                calls.add(objects ? object() : call());
                if (peek() != ']') {
                    need(',');
                }
            }
        } else if (peek() == '{') {
            calls.add(object());
        } else {
            calls.add(call());
            while (take(',')) {
                trailingComma = peek() == '<' || at == s.length();
                if (trailingComma) {
                    break;
                }
                calls.add(call());
            }
        }
        space();
        if (s.startsWith(END, at)) {
            at += END.length();
        } else if (at < s.length() || trailingComma) {
            throw new Malformed();
        }
        return calls;
    }

    private ToolCall call() {
        String function = name();
        need('(');
        Map<String, Value> arguments = new LinkedHashMap<>();
        while (!take(')')) {
            String parameter = name();
            need('=');
            if (arguments.put(parameter, value()) != null) {
                throw new Malformed();
            }
            if (peek() != ')') {
                need(',');
            }
        }
        return toCall(function, new Value.Members(arguments));
    }

    private ToolCall object() {
        if (peek() != '{' || !(value() instanceof Value.Members(Map<String, Value> members))
                || !(members.get("name") instanceof Value.Text(String name)) || !Characters.isName(name)) {
            throw new Malformed();
        }
        Value given = members.getOrDefault("arguments", new Value.Scalar("null"));
        if (given instanceof Value.Text(String text)) {
            given = JsonObjects.read(text);
        } else if (given.equals(new Value.Scalar("null"))) {
            given = new Value.Members(Map.of());
        }
        if (!(given instanceof Value.Members arguments)) {
            throw new Malformed();
        }
        return toCall(name, arguments);
    }

    private static ToolCall toCall(String name, Value arguments) {
        StringBuilder json = new StringBuilder();
        arguments.appendTo(json);
        return new ToolCall(name, json.toString());
    }

    private Value value() {
        int c = peek();
        if (c == '\'' || c == '"') {
            return new Value.Text(text());
        }
        if (take('[')) {
            List<Value> items = new ArrayList<>();
            while (!take(']')) {
                items.add(value());
                if (peek() != ']') {
                    need(',');
                }
            }
            return new Value.Items(items);
        }
        if (take('{')) {
            Map<String, Value> members = new LinkedHashMap<>();
            while (!take('}')) {
                peek();
                String key = text();
                need(':');
                members.put(key, value());
                if (peek() != '}') {
                    need(',');
                }
            }
            return new Value.Members(members);
        }
        return scalar();
    }

    private Value scalar() {
        Matcher number = NUMBER.matcher(s).region(at, s.length());
        if (number.lookingAt()) {
            at = number.end();
            return new Value.Scalar(Numbers.json(number.group()));
        }
        return switch (name()) {
            case "True", "true" -> new Value.Scalar("true");
            case "False", "false" -> new Value.Scalar("false");
            case "None", "null" -> new Value.Scalar("null");
            default -> throw new Malformed();
        };
    }

    private String text() {
        String quote = List.of("'''", "\"\"\"", "'", "\"").stream().filter(q -> s.startsWith(q, at)).findFirst()
                .orElseThrow(Malformed::new);
        at += quote.length();
        StringBuilder text = new StringBuilder();
        while (!s.startsWith(quote, at)) {
            char c = next();
            if (c == '\\') {
                escape(text);
            } else {
                text.append(c);
            }
        }
        at += quote.length();
        return text.toString();
    }

    private void escape(StringBuilder text) {
        char c = next();
        int known = "nrtbfva\\'\"".indexOf(c);
        int digits = c == 'x' ? 2 : c == 'u' ? 4 : c == 'U' ? 8 : 0;
        if (known >= 0) {
            text.append("\n\r\t\b\f\u000b\u0007\\'\"".charAt(known));
        } else if (digits == 0) {
            text.append('\\').append(c);
        } else {
            if (at + digits > s.length() || !s.substring(at, at + digits).matches("[0-9a-fA-F]+")) {
                throw new Malformed();
            }
            long codePoint = Long.parseLong(s.substring(at, at + digits), 16);
            if (codePoint > Character.MAX_CODE_POINT) {
                throw new Malformed();
            }
            text.appendCodePoint((int) codePoint);
            at += digits;
        }
    }

    private String name() {
        peek();
        int start = at;
        while (at < s.length() && Characters.isNamePart(s.codePointAt(at))) {
            at += Character.charCount(s.codePointAt(at));
        }
        if (start == at) {
            throw new Malformed();
        }
        return s.substring(start, at);
    }

    private char next() {
        if (at == s.length()) {
            throw new Malformed();
        }
        return s.charAt(at++);
    }

    private void space() {
        while (at < s.length() && Characters.isWhiteSpace(s.charAt(at))) {
            at++;
        }
    }

    private int peek() {
        space();
        return at < s.length() ? s.charAt(at) : -1;
    }

    private boolean take(char c) {
        boolean here = peek() == c;
        if (here) {
            at++;
        }
        return here;
    }

    private void need(char c) {
        if (!take(c)) {
            throw new Malformed();
        }
    }
}
