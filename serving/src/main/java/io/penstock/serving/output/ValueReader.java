package io.penstock.serving.output;

import java.util.ArrayDeque;
import java.util.ArrayList;
import java.util.Deque;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/**
 * Reads one value, a code point at a time: text, number, constant, list, dict with text keys. Its own stack, so that
 * nesting costs no frames.
 */
final class ValueReader {
    /** Lists and dicts within each other; deeper is malformed. Readers of JSON commonly stop at 1000. */
    static final int MAX_DEPTH = 512;

    private static final int LONGEST_CONSTANT = 5;

    private enum State { VALUE, ELEMENT, KEY, KEY_TEXT, AFTER_KEY, TEXT, NUMBER, CONSTANT, AFTER_VALUE }

    private static final class Container {
        final List<Value> items;
        final Map<String, Value> members;
        String key;

        Container(List<Value> items, Map<String, Value> members) {
            this.items = items;
            this.members = members;
        }

        boolean isList() {
            return items != null;
        }
    }

    private final Deque<Container> open = new ArrayDeque<>();
    private final TextReader text = new TextReader();
    private final StringBuilder word = new StringBuilder();
    private State state;
    private Value value;

    void begin() {
        open.clear();
        state = State.VALUE;
        value = null;
    }

    /** The value, after {@link Step#DONE} or {@link Step#DONE_BEFORE}. */
    Value value() {
        return value;
    }

    Step accept(int c) {
        return switch (state) {
            case VALUE -> startOfValue(c);
            case ELEMENT -> c == ']' ? close() : startOfValue(c);
            case KEY -> startOfKey(c);
            case KEY_TEXT -> keyText(c);
            case AFTER_KEY -> {
                if (c == ':') {
                    state = State.VALUE;
                }
                yield c == ':' || Characters.isWhiteSpace(c) ? Step.MORE : Step.MALFORMED;
            }
            case TEXT -> {
                Step step = text.accept(c);
                yield switch (step) {
                    case DONE -> complete(new Value.Text(text.text()));
                    case DONE_BEFORE -> completeBefore(new Value.Text(text.text()), c);
                    case MORE, MALFORMED -> step;
                };
            }
            case NUMBER -> number(c);
            case CONSTANT -> constant(c);
            case AFTER_VALUE -> afterValue(c);
        };
    }

    private Step startOfValue(int c) {
        if (Characters.isWhiteSpace(c)) {
            return Step.MORE;
        }
        if (TextReader.isQuote(c)) {
            text.begin(c);
            state = State.TEXT;
        } else if (Numbers.mayHold(c) && c != 'e' && c != 'E') {
            word.setLength(0);
            word.append((char) c);
            state = State.NUMBER;
        } else if (c < 128 && Character.isLetter(c)) {
            word.setLength(0);
            word.append((char) c);
            state = State.CONSTANT;
        } else if (c == '[' || c == '{') {
            return openContainer(c);
        } else {
            return Step.MALFORMED;
        }
        return Step.MORE;
    }

    private Step openContainer(int c) {
        if (open.size() == MAX_DEPTH) {
            return Step.MALFORMED;
        }
        boolean list = c == '[';
        open.push(list ? new Container(new ArrayList<>(), null) : new Container(null, new LinkedHashMap<>()));
        state = list ? State.ELEMENT : State.KEY;
        return Step.MORE;
    }

    private Step close() {
        Container closed = open.pop();
        return complete(closed.isList() ? new Value.Items(closed.items) : new Value.Members(closed.members));
    }

    private Step startOfKey(int c) {
        if (c == '}') {
            return close();
        }
        if (TextReader.isQuote(c)) {
            text.begin(c);
            state = State.KEY_TEXT;
            return Step.MORE;
        }
        return Characters.isWhiteSpace(c) ? Step.MORE : Step.MALFORMED;
    }

    private Step keyText(int c) {
        Step step = text.accept(c);
        if (step == Step.DONE || step == Step.DONE_BEFORE) {
            open.peek().key = text.text();
            state = State.AFTER_KEY;
            return step == Step.DONE ? Step.MORE : accept(c);
        }
        return step;
    }

    private Step number(int c) {
        if (Numbers.mayHold(c)) {
            word.append((char) c);
            return Step.MORE;
        }
        String json = Numbers.json(word);
        return json == null ? Step.MALFORMED : completeBefore(new Value.Scalar(json), c);
    }

    private Step constant(int c) {
        if (Characters.isNamePart(c)) {
            word.appendCodePoint(c);
            return word.length() > LONGEST_CONSTANT ? Step.MALFORMED : Step.MORE;
        }
        String json = switch (word.toString()) {
            case "True", "true" -> "true";
            case "False", "false" -> "false";
            case "None", "null" -> "null";
            default -> null;
        };
        return json == null ? Step.MALFORMED : completeBefore(new Value.Scalar(json), c);
    }

    private Step complete(Value completed) {
        Container container = open.peek();
        if (container == null) {
            value = completed;
            return Step.DONE;
        }
        if (container.isList()) {
            container.items.add(completed);
        } else {
            container.members.put(container.key, completed);
        }
        state = State.AFTER_VALUE;
        return Step.MORE;
    }

    private Step completeBefore(Value completed, int c) {
        return complete(completed) == Step.DONE ? Step.DONE_BEFORE : afterValue(c);
    }

    private Step afterValue(int c) {
        boolean list = open.peek().isList();
        if (c == ',') {
            state = list ? State.ELEMENT : State.KEY;
            return Step.MORE;
        }
        if (c == (list ? ']' : '}')) {
            return close();
        }
        return Characters.isWhiteSpace(c) ? Step.MORE : Step.MALFORMED;
    }
}
