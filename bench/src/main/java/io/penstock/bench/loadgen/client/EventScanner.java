package io.penstock.bench.loadgen.client;

import io.penstock.bench.loadgen.Bytes;
import io.penstock.bench.loadgen.Ints;
import java.nio.charset.StandardCharsets;

/**
 * Reads from the JSON of one streamed event what a load generator needs, in one pass and without an object: how much
 * text and how many token ids it holds, what it says of usage, and an error's message.
 */
final class EventScanner {
    private static final int MAX_DEPTH = 64;

    /** Where in an event a value stands. */
    private enum Place {
        ROOT, CHOICES, CHOICE, DELTA, TEXT, TOOL_CALLS, IDS, USAGE, PROMPT_DETAILS, PROMPT_TOKENS, COMPLETION_TOKENS,
        CACHED_TOKENS, ERROR, MESSAGE, ELSEWHERE
    }

    private byte[] json;
    private int end;
    private int depth;
    private Bytes keptText;
    private Ints keptIds;

    private int textBytes;
    private int numIds;
    private boolean hasToolCalls;
    private boolean hasUsage;
    private int promptTokens;
    private int completionTokens;
    private int cachedTokens;
    private String error;

    /**
     * Reads one event.
     *
     * @param text where to add its text; null to leave it
     * @param ids where to add its token ids; null to leave them
     * @throws IllegalArgumentException if it is no JSON
     */
    void scan(byte[] bytes, int from, int to, Bytes text, Ints ids) {
        json = bytes;
        end = to;
        depth = 0;
        keptText = text;
        keptIds = ids;
        textBytes = 0;
        numIds = 0;
        hasToolCalls = false;
        hasUsage = false;
        error = null;
        if (space(value(space(from), Place.ROOT)) != end) {
            throw malformed(from);
        }
    }

    /** Bytes of text in the event, escapes counted as written. */
    int textBytes() {
        return textBytes;
    }

    int numIds() {
        return numIds;
    }

    boolean hasToolCalls() {
        return hasToolCalls;
    }

    boolean hasUsage() {
        return hasUsage;
    }

    int promptTokens() {
        return promptTokens;
    }

    int completionTokens() {
        return completionTokens;
    }

    int cachedTokens() {
        return cachedTokens;
    }

    /** The message of an error; null where there is none. */
    String error() {
        return error;
    }

    private int value(int at, Place place) {
        if (at >= end) {
            throw malformed(at);
        }
        return switch (json[at]) {
            case '{' -> object(at, place);
            case '[' -> array(at, place);
            case '"' -> string(at, place);
            default -> scalar(at, place);
        };
    }

    private int object(int from, Place place) {
        enter(from);
        if (place == Place.USAGE) {
            hasUsage = true;
            promptTokens = 0;
            completionTokens = 0;
            cachedTokens = 0;
        } else if (place == Place.ERROR) {
            error = "";
        }
        int at = space(from + 1);
        while (byteAt(at) != '}') {
            int key = at;
            at = stringEnd(at);
            Place inside = inside(place, key + 1, at - 1);
            at = space(at);
            if (byteAt(at) != ':') {
                throw malformed(at);
            }
            at = space(value(space(at + 1), inside));
            at = next(at, '}');
        }
        depth--;
        return at + 1;
    }

    private int array(int from, Place place) {
        enter(from);
        Place inside = place == Place.CHOICES ? Place.CHOICE : place == Place.IDS ? Place.IDS : Place.ELSEWHERE;
        int at = space(from + 1);
        hasToolCalls |= place == Place.TOOL_CALLS && byteAt(at) != ']';
        while (byteAt(at) != ']') {
            at = next(space(value(at, inside)), ']');
        }
        depth--;
        return at + 1;
    }

    /** Behind a comma, or at what closes. */
    private int next(int at, char closing) {
        if (byteAt(at) == ',') {
            int after = space(at + 1);
            if (byteAt(after) == closing) {
                throw malformed(after);
            }
            return after;
        }
        if (byteAt(at) != closing) {
            throw malformed(at);
        }
        return at;
    }

    private void enter(int at) {
        if (++depth > MAX_DEPTH) {
            throw malformed(at);
        }
    }

    private Place inside(Place place, int from, int to) {
        return switch (place) {
            case ROOT -> is(from, to, "choices") ? Place.CHOICES
                    : is(from, to, "usage") ? Place.USAGE
                    : is(from, to, "error") ? Place.ERROR
                    : Place.ELSEWHERE;
            case CHOICE -> is(from, to, "text") ? Place.TEXT
                    : is(from, to, "delta") ? Place.DELTA
                    : is(from, to, "token_ids") ? Place.IDS
                    : Place.ELSEWHERE;
            case DELTA -> is(from, to, "content") || is(from, to, "reasoning_content") || is(from, to, "reasoning")
                    ? Place.TEXT
                    : is(from, to, "tool_calls") ? Place.TOOL_CALLS
                    : Place.ELSEWHERE;
            case USAGE -> is(from, to, "prompt_tokens") ? Place.PROMPT_TOKENS
                    : is(from, to, "completion_tokens") ? Place.COMPLETION_TOKENS
                    : is(from, to, "prompt_tokens_details") ? Place.PROMPT_DETAILS
                    : Place.ELSEWHERE;
            case PROMPT_DETAILS -> is(from, to, "cached_tokens") ? Place.CACHED_TOKENS : Place.ELSEWHERE;
            case ERROR -> is(from, to, "message") ? Place.MESSAGE : Place.ELSEWHERE;
            case CHOICES, TEXT, TOOL_CALLS, IDS, PROMPT_TOKENS, COMPLETION_TOKENS, CACHED_TOKENS, MESSAGE, ELSEWHERE ->
                    Place.ELSEWHERE;
        };
    }

    private boolean is(int from, int to, String name) {
        if (to - from != name.length()) {
            return false;
        }
        for (int i = 0; i < name.length(); i++) {
            if (json[from + i] != name.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    private int string(int from, Place place) {
        int to = stringEnd(from);
        if (place == Place.TEXT) {
            textBytes += to - from - 2;
            if (keptText != null) {
                JsonText.unescape(json, from + 1, to - 1, keptText);
            }
        } else if (place == Place.MESSAGE || place == Place.ERROR) {
            Bytes text = new Bytes();
            JsonText.unescape(json, from + 1, to - 1, text);
            error = new String(text.toArray(), StandardCharsets.UTF_8);
        }
        return to;
    }

    private int stringEnd(int from) {
        if (byteAt(from) != '"') {
            throw malformed(from);
        }
        int at = from + 1;
        while (byteAt(at) != '"') {
            at += json[at] == '\\' ? 2 : 1;
        }
        return at + 1;
    }

    private int scalar(int from, Place place) {
        int at = from;
        long number = 0;
        boolean isNatural = true;
        while (at < end && isScalar(json[at])) {
            isNatural &= json[at] >= '0' && json[at] <= '9';
            number = isNatural ? Math.min(number * 10 + json[at] - '0', Integer.MAX_VALUE) : 0;
            at++;
        }
        if (at == from) {
            throw malformed(at);
        }
        if (isNatural) {
            natural((int) number, place);
        }
        return at;
    }

    private static boolean isScalar(byte b) {
        return b >= '0' && b <= '9' || b >= 'a' && b <= 'z' || b == '-' || b == '+' || b == '.' || b == 'E';
    }

    private void natural(int number, Place place) {
        switch (place) {
            case IDS -> {
                numIds++;
                if (keptIds != null) {
                    keptIds.add(number);
                }
            }
            case PROMPT_TOKENS -> promptTokens = number;
            case COMPLETION_TOKENS -> completionTokens = number;
            case CACHED_TOKENS -> cachedTokens = number;
            case ROOT, CHOICES, CHOICE, DELTA, TEXT, TOOL_CALLS, USAGE, PROMPT_DETAILS, ERROR, MESSAGE, ELSEWHERE -> { }
        }
    }

    private byte byteAt(int at) {
        if (at >= end) {
            throw malformed(at);
        }
        return json[at];
    }

    private int space(int from) {
        int at = from;
        while (at < end && (json[at] == ' ' || json[at] == '\n' || json[at] == '\r' || json[at] == '\t')) {
            at++;
        }
        return at;
    }

    private static IllegalArgumentException malformed(int at) {
        return new IllegalArgumentException("the event is no JSON at byte " + at);
    }
}
