package io.penstock.serving.output;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * The grammar of one block of tool calls, read a code point at a time from right behind the start marker:
 * <pre>
 *   block   = ( '[' [ calls ] ']' | calls | '[' objects ']' | object ) end-marker
 *   calls   = call { ',' call } [ ',' ]            objects = object { ',' object } [ ',' ]
 *   call    = name '(' [ param { ',' param } [ ',' ] ] ')'
 *   param   = name '=' value                       object  = a dict with "name" and "arguments"
 * </pre>
 * White space may stand between all parts. Nothing is evaluated: positional arguments, expressions, bare names and
 * repeated parameters are malformed.
 */
final class ToolCallGrammar {
    static final String START_MARKER = "<|tool_call_start|>";
    static final String END_MARKER = "<|tool_call_end|>";

    private enum State {
        BLOCK, FIRST_ITEM, NEXT_ITEM, AFTER_ITEM, FUNCTION, AFTER_FUNCTION, PARAMETER, PARAMETER_NAME,
        AFTER_PARAMETER_NAME, ARGUMENT, AFTER_ARGUMENT, OBJECT, CLOSED, IN_END_MARKER
    }

    private enum Form { UNKNOWN, CALLS, OBJECTS, ONE_OBJECT }

    private final ValueReader value = new ValueReader();
    private final StringBuilder name = new StringBuilder();
    private final List<ToolCall> calls = new ArrayList<>();
    private State state;
    private Form form;
    private boolean bracketed;
    private int endMarkerChars;
    private String function;
    private String parameter;
    private Map<String, Value> arguments;

    void begin() {
        state = State.BLOCK;
        form = Form.UNKNOWN;
        bracketed = false;
        calls.clear();
    }

    /** The block's calls, after {@link Step#DONE} or where {@link #isComplete}. */
    List<ToolCall> calls() {
        return calls;
    }

    /** Whether the output may end here, without the end marker. */
    boolean isComplete() {
        return state == State.CLOSED || state == State.AFTER_ITEM && !bracketed;
    }

    /** {@link Step#DONE} comes with the last character of the end marker; never {@link Step#DONE_BEFORE}. */
    Step accept(int c) {
        return switch (state) {
            case BLOCK, FIRST_ITEM, NEXT_ITEM -> item(c);
            case AFTER_ITEM -> afterItem(c);
            case FUNCTION -> Characters.isNamePart(c) ? more(c) : afterFunction(c);
            case AFTER_FUNCTION -> afterFunction(c);
            case PARAMETER -> parameter(c);
            case PARAMETER_NAME -> Characters.isNamePart(c) ? more(c) : afterParameterName(c);
            case AFTER_PARAMETER_NAME -> afterParameterName(c);
            case ARGUMENT -> argument(c);
            case AFTER_ARGUMENT -> afterArgument(c);
            case OBJECT -> object(c);
            case CLOSED -> c == '<' ? endMarker(c, 0) : unlessWhiteSpace(c);
            case IN_END_MARKER -> endMarker(c, endMarkerChars);
        };
    }

    private Step to(State next) {
        state = next;
        return Step.MORE;
    }

    private static Step unlessWhiteSpace(int c) {
        return Characters.isWhiteSpace(c) ? Step.MORE : Step.MALFORMED;
    }

    private Step more(int c) {
        name.appendCodePoint(c);
        return Step.MORE;
    }

    private Step beginName(int c, State next) {
        name.setLength(0);
        name.appendCodePoint(c);
        return to(next);
    }

    private Step item(int c) {
        if (Characters.isWhiteSpace(c)) {
            return Step.MORE;
        }
        if (state == State.BLOCK && c == '[') {
            bracketed = true;
            return to(State.FIRST_ITEM);
        }
        if (bracketed && c == ']') {
            return to(State.CLOSED);
        }
        if (!bracketed && state == State.NEXT_ITEM && c == '<') {
            return endMarker(c, 0);
        }
        if (c == '{' && form != Form.CALLS) {
            form = bracketed ? Form.OBJECTS : Form.ONE_OBJECT;
            value.begin();
            state = State.OBJECT;
            return value.accept(c);
        }
        if (Characters.isNamePart(c) && (form == Form.UNKNOWN || form == Form.CALLS)) {
            form = Form.CALLS;
            return beginName(c, State.FUNCTION);
        }
        return Step.MALFORMED;
    }

    private Step afterItem(int c) {
        if (c == ',' && form != Form.ONE_OBJECT) {
            return to(State.NEXT_ITEM);
        }
        if (c == ']' && bracketed) {
            return to(State.CLOSED);
        }
        if (c == '<' && !bracketed) {
            return endMarker(c, 0);
        }
        return unlessWhiteSpace(c);
    }

    private Step afterFunction(int c) {
        if (c == '(') {
            function = name.toString();
            arguments = new LinkedHashMap<>();
            return to(State.PARAMETER);
        }
        state = State.AFTER_FUNCTION;
        return unlessWhiteSpace(c);
    }

    private Step parameter(int c) {
        if (c == ')') {
            return closeCall();
        }
        return Characters.isNamePart(c) ? beginName(c, State.PARAMETER_NAME) : unlessWhiteSpace(c);
    }

    private Step afterParameterName(int c) {
        if (c == '=') {
            parameter = name.toString();
            if (arguments.containsKey(parameter)) {
                return Step.MALFORMED;
            }
            value.begin();
            return to(State.ARGUMENT);
        }
        state = State.AFTER_PARAMETER_NAME;
        return unlessWhiteSpace(c);
    }

    private Step argument(int c) {
        Step step = value.accept(c);
        if (step == Step.MORE || step == Step.MALFORMED) {
            return step;
        }
        arguments.put(parameter, value.value());
        state = State.AFTER_ARGUMENT;
        return step == Step.DONE ? Step.MORE : afterArgument(c);
    }

    private Step afterArgument(int c) {
        if (c == ',') {
            return to(State.PARAMETER);
        }
        return c == ')' ? closeCall() : unlessWhiteSpace(c);
    }

    private Step closeCall() {
        calls.add(call(function, new Value.Members(arguments)));
        return to(State.AFTER_ITEM);
    }

    private Step object(int c) {
        Step step = value.accept(c);
        if (step != Step.DONE) {
            return step;
        }
        Map<String, Value> members = ((Value.Members) value.value()).members();
        Value.Members given = argumentsOf(members.get("arguments"));
        if (given == null || !(members.get("name") instanceof Value.Text(String called))
                || !Characters.isName(called)) {
            return Step.MALFORMED;
        }
        calls.add(call(called, given));
        return to(State.AFTER_ITEM);
    }

    private static Value.Members argumentsOf(Value given) {
        return switch (given) {
            case null -> new Value.Members(Map.of());
            case Value.Scalar(String json) when json.equals("null") -> new Value.Members(Map.of());
            case Value.Members members -> members;
            case Value.Text(String text) -> JsonObjects.read(text);
            case Value.Scalar _, Value.Items _ -> null;
        };
    }

    private static ToolCall call(String name, Value.Members arguments) {
        StringBuilder json = new StringBuilder();
        arguments.appendTo(json);
        return new ToolCall(name, json.toString());
    }

    private Step endMarker(int c, int matched) {
        if (c != END_MARKER.charAt(matched)) {
            return Step.MALFORMED;
        }
        endMarkerChars = matched + 1;
        state = State.IN_END_MARKER;
        return endMarkerChars == END_MARKER.length() ? Step.DONE : Step.MORE;
    }
}
