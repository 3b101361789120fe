package io.penstock.serving.output;

import java.util.ArrayList;
import java.util.List;
import java.util.random.RandomGenerator;

/** A sink that puts the pieces together and checks the order of what it is given. */
final class RecordedOutput implements OutputSink {
    private final StringBuilder content = new StringBuilder();
    private final StringBuilder reasoning = new StringBuilder();
    private final List<String> names = new ArrayList<>();
    private final List<StringBuilder> arguments = new ArrayList<>();

    static ParsedOutput parse(OutputFormat format, List<String> pieces) {
        RecordedOutput recorded = new RecordedOutput();
        OutputParser parser = new OutputParser(format, recorded);
        pieces.forEach(parser::feed);
        parser.finish();
        return recorded.parsed();
    }

    static List<String> singleChars(String text) {
        return text.chars().mapToObj(c -> String.valueOf((char) c)).toList();
    }

    static List<String> randomPieces(String text, RandomGenerator random) {
        List<String> pieces = new ArrayList<>();
        int at = 0;
        while (at < text.length()) {
            int end = Math.min(text.length(), at + random.nextInt(random.nextBoolean() ? 4 : 40));
            pieces.add(text.substring(at, end));
            at = end;
        }
        return pieces;
    }

    ParsedOutput parsed() {
        List<ToolCall> calls = new ArrayList<>();
        for (int i = 0; i < names.size(); i++) {
            calls.add(new ToolCall(names.get(i), arguments.get(i).toString()));
        }
        return new ParsedOutput(content.toString(), reasoning.toString(), calls);
    }

    @Override
    public void content(String delta) {
        content.append(whole(delta));
    }

    @Override
    public void reasoning(String delta) {
        reasoning.append(whole(delta));
    }

    @Override
    public void toolCallStart(int index, String name) {
        require(index == names.size(), "call " + index + " after " + names.size() + " calls");
        names.add(name);
        arguments.add(new StringBuilder());
    }

    @Override
    public void toolCallArguments(int index, String delta) {
        require(index == names.size() - 1, "arguments for call " + index + " of " + names.size());
        arguments.get(index).append(whole(delta));
    }

    private static String whole(String delta) {
        require(!delta.isEmpty(), "an empty delta");
        return delta;
    }

    private static void require(boolean holds, String message) {
        if (!holds) {
            throw new AssertionError(message);
        }
    }
}
