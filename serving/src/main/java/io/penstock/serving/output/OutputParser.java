package io.penstock.serving.output;

import java.util.ArrayList;
import java.util.List;

/**
 * Takes one model output apart while it is written. However it is cut into pieces, the sink gets the same texts and
 * calls in total. One thread at a time.
 *
 * <p>What was given to the sink stands, so text is held back until its meaning is certain: the start of a possible
 * tag; white space in front of the first content, which goes if nothing but calls follows; and a block of tool calls,
 * since a fault in its last call makes the whole block content. A block's calls are announced together, each by name
 * and then by arguments, when its end marker or the end of the output comes. A malformed block is content from the
 * first character that cannot be right.
 */
public final class OutputParser {
    /** The most text that is held back. A longer block is taken for malformed, longer white space for content. */
    public static final int MAX_HELD_CHARS = 1 << 20;

    private static final String THINK = "<think>";
    private static final String THINK_END = "</think>";

    private enum State { THINKING_STARTED, THINKING, TEXT, BLOCK }

    private final OutputFormat format;
    private final OutputSink sink;
    private final ToolCallGrammar grammar = new ToolCallGrammar();
    private final StringBuilder held = new StringBuilder();
    private final StringBuilder blank = new StringBuilder();
    private int head;
    private int read;
    private State state;
    private boolean contentBegan;
    private boolean ended;
    private int numCalls;

    public OutputParser(OutputFormat format, OutputSink sink) {
        this.format = format;
        this.sink = sink;
        state = format.startsInThinking() ? State.THINKING_STARTED : State.TEXT;
        contentBegan = !format.toolCalls();
    }

    /** Takes a whole output apart. */
    public static ParsedOutput parse(OutputFormat format, String text) {
        Collector collector = new Collector();
        OutputParser parser = new OutputParser(format, collector);
        parser.feed(text);
        parser.finish();
        return collector.parsed();
    }

    /** Takes the next piece, of any length. */
    public void feed(CharSequence piece) {
        requireOpen();
        held.append(piece);
        advance();
    }

    /** The output is over: decides on all that was held back. */
    public void finish() {
        requireOpen();
        ended = true;
        advance();
        if (!blank.isEmpty() && numCalls == 0) {
            sink.content(blank.toString());
        }
    }

    /** The calls that were announced so far. */
    public int numToolCalls() {
        return numCalls;
    }

    private void requireOpen() {
        if (ended) {
            throw new IllegalStateException("the output has ended");
        }
    }

    private void advance() {
        boolean moved = true;
        while (moved) {
            moved = switch (state) {
                case THINKING_STARTED -> skipRepeatedTag();
                case THINKING -> think();
                case TEXT -> text();
                case BLOCK -> block();
            };
        }
        held.delete(0, head);
        read -= head;
        head = 0;
    }

    private boolean skipRepeatedTag() {
        if (!ended && mayBecome(THINK, head)) {
            return false;
        }
        if (format.splitReasoning() && matches(THINK, head)) {
            head += THINK.length();
        }
        state = State.THINKING;
        return true;
    }

    private boolean think() {
        for (int at = nextTag(head); at < held.length(); at = nextTag(at + 1)) {
            if (matches(THINK_END, at)) {
                giveThought(head, at);
                head = at;
                tag(THINK_END);
                state = State.TEXT;
                return true;
            }
            if (!ended && mayBecome(THINK_END, at)) {
                giveThought(head, at);
                head = at;
                return false;
            }
        }
        int end = settledEnd();
        giveThought(head, end);
        head = end;
        return false;
    }

    private boolean text() {
        for (int at = nextTag(head); at < held.length(); at = nextTag(at + 1)) {
            boolean block = format.toolCalls() && matches(ToolCallGrammar.START_MARKER, at);
            if (block || matches(THINK, at)) {
                giveContent(head, at);
                head = at;
                if (block) {
                    grammar.begin();
                    read = head + ToolCallGrammar.START_MARKER.length();
                    state = State.BLOCK;
                } else {
                    tag(THINK);
                    state = State.THINKING;
                }
                return true;
            }
            boolean maybe = mayBecome(THINK, at)
                    || format.toolCalls() && mayBecome(ToolCallGrammar.START_MARKER, at);
            if (!ended && maybe) {
                giveContent(head, at);
                head = at;
                return false;
            }
        }
        int end = settledEnd();
        giveContent(head, end);
        head = end;
        return false;
    }

    private boolean block() {
        int end = settledEnd();
        while (read < end) {
            int c = Character.codePointAt(held, read);
            read += Character.charCount(c);
            Step step = read - head > MAX_HELD_CHARS ? Step.MALFORMED : grammar.accept(c);
            if (step == Step.DONE) {
                giveCalls();
                return true;
            }
            if (step == Step.MALFORMED) {
                markerIsContent();
                return true;
            }
        }
        if (!ended) {
            return false;
        }
        if (grammar.isComplete()) {
            giveCalls();
        } else {
            markerIsContent();
        }
        return true;
    }

    private void giveCalls() {
        for (ToolCall call : grammar.calls()) {
            sink.toolCallStart(numCalls, call.name());
            sink.toolCallArguments(numCalls, call.argumentsJson());
            numCalls++;
        }
        head = read;
        state = State.TEXT;
    }

    private void markerIsContent() {
        int end = head + ToolCallGrammar.START_MARKER.length();
        giveContent(head, end);
        head = end;
        state = State.TEXT;
    }

    private void tag(String tag) {
        if (!format.splitReasoning()) {
            giveContent(head, head + tag.length());
        }
        head += tag.length();
    }

    private void giveThought(int from, int to) {
        if (!format.splitReasoning()) {
            giveContent(from, to);
        } else if (from < to) {
            sink.reasoning(held.substring(from, to));
        }
    }

    private void giveContent(int from, int to) {
        if (from == to) {
            return;
        }
        if (!contentBegan) {
            blank.append(held, from, to);
            if (Characters.isBlank(held.subSequence(from, to)) && blank.length() <= MAX_HELD_CHARS) {
                return;
            }
            contentBegan = true;
            sink.content(blank.toString());
            blank.setLength(0);
        } else {
            sink.content(held.substring(from, to));
        }
    }

    /** Where the next tag or marker may begin; the end of what is held where there is none. */
    private int nextTag(int from) {
        int at = held.indexOf("<", from);
        return at < 0 ? held.length() : at;
    }

    private boolean matches(String tag, int at) {
        return held.length() - at >= tag.length() && sharesPrefix(tag, at, tag.length());
    }

    /** Whether what is held from {@code at} on is the beginning of {@code tag}, but not all of it. */
    private boolean mayBecome(String tag, int at) {
        int length = held.length() - at;
        return length < tag.length() && sharesPrefix(tag, at, length);
    }

    private boolean sharesPrefix(String tag, int at, int length) {
        for (int i = 0; i < length; i++) {
            if (held.charAt(at + i) != tag.charAt(i)) {
                return false;
            }
        }
        return true;
    }

    /** The end of what is held, without half a surrogate pair whose other half may still come. */
    private int settledEnd() {
        int end = held.length();
        boolean half = end > head && Character.isHighSurrogate(held.charAt(end - 1));
        return half && !ended ? end - 1 : end;
    }

    private static final class Collector implements OutputSink {
        private final StringBuilder content = new StringBuilder();
        private final StringBuilder reasoning = new StringBuilder();
        private final List<ToolCall> calls = new ArrayList<>();
        private String name;

        ParsedOutput parsed() {
            return new ParsedOutput(content.toString(), reasoning.toString(), calls);
        }

        @Override
        public void content(String delta) {
            content.append(delta);
        }

        @Override
        public void reasoning(String delta) {
            reasoning.append(delta);
        }

        @Override
        public void toolCallStart(int index, String called) {
            name = called;
        }

        @Override
        public void toolCallArguments(int index, String delta) {
            calls.add(new ToolCall(name, delta));
        }
    }
}
