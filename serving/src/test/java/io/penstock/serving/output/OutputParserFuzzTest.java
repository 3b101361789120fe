package io.penstock.serving.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.ArrayList;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** Random outputs, near enough to good ones that all branches are met. A failure names its seed. */
class OutputParserFuzzTest {
    private static final int ROUNDS = 60_000;
    private static final String START = ToolCallGrammar.START_MARKER;
    private static final String END = ToolCallGrammar.END_MARKER;
    private static final List<String> FRAGMENTS = List.of(START, END, START + "[f(", ")]" + END, "<think>", "</think>",
            "[", "]", "(", ")", "{", "}", ",", ", ", "=", "a=", "b=1", ":", "'", "\"", "'''", "\"\"\"", "\\", "\\u00e9",
            "\\ud83d", "1", "-", "1.5e3", "007", ".", "None", "true", "f", "a.b", "get-x", "{'k': ", "{\"name\": \"f\"",
            "\"arguments\": ", "\"{}\"", " ", "\n", "x", "\u6c34", "\ud83d\ude00", "\ud83d", "<", "<|", "|>", "\u0000");
    private static final List<String> VALUES = List.of("1", "-0.0", "1e5", "'it\\'s'", "\"a)]\"", "'''q'x'''", "None",
            "true", "[]", "[1, 'b', [None]]", "{'k': 1}", "{\"k\": {\"l\": [2,],},}", "'" + END + "'", "'<think>'");

    @Test
    void anyTextIsParsedAsTheTwinParsesItHoweverItIsCut() {
        int withCalls = 0;
        for (int seed = 0; seed < ROUNDS; seed++) {
            Random random = new Random(seed);
            String text = seed % 2 == 0 ? fragments(random) : damagedBlocks(random);
            ParsedOutput expected = ReferenceToolCalls.parse(text);
            String message = "seed " + seed + ": " + text;
            assertEquals(expected, ToolCallParser.parse(text), message);
            assertEquals(expected, RecordedOutput.parse(OutputFormat.TOOL_CALLS,
                    RecordedOutput.randomPieces(text, random)), message);
            withCalls += expected.toolCalls().isEmpty() ? 0 : 1;
            if (!expected.toolCalls().isEmpty()) {
                continue;
            }
            String kept = text.replaceAll("<\\|tool_call_start\\|>\\s*\\[\\s*\\]\\s*(<\\|tool_call_end\\|>|$)", "");
            assertTrue(expected.content().length() >= kept.length(), message);
        }
        assertTrue(withCalls > ROUNDS / 20 && withCalls < ROUNDS - ROUNDS / 20, withCalls + " with calls");
    }

    @Test
    void everyFormatGivesTheSameFromAnyCut() {
        for (int seed = 0; seed < ROUNDS / 4; seed++) {
            Random random = new Random(seed);
            String text = fragments(random);
            for (int bits = 0; bits < 8; bits++) {
                OutputFormat format = new OutputFormat((bits & 1) != 0, (bits & 2) != 0, (bits & 4) != 0);
                ParsedOutput whole = OutputParser.parse(format, text);
                String message = "seed " + seed + " " + format + ": " + text;
                assertEquals(whole, RecordedOutput.parse(format, RecordedOutput.singleChars(text)), message);
                if (!format.toolCalls() && !format.splitReasoning()) {
                    assertEquals(text, whole.content(), message);
                }
            }
        }
    }

    @Test
    void malformedBlocksBetweenGoodOnesLoseNothing() {
        List<String> malformed = List.of(START + "[f(]" + END, START + "oops", START + "[f('x')]" + END, START + END,
                START + "[f(a=1, a=2)]" + END, START + "[f(a=g())]", START + "[f(a=1) # why", START + "{\"x\": 1}");
        for (int seed = 0; seed < ROUNDS / 4; seed++) {
            Random random = new Random(seed);
            StringBuilder text = new StringBuilder();
            StringBuilder content = new StringBuilder("!");
            List<ToolCall> calls = new ArrayList<>();
            text.append('!');
            for (int part = random.nextInt(8); part > 0; part--) {
                int kind = random.nextInt(3);
                if (kind == 0) {
                    text.append(START).append("[f(a=").append(part).append(")]").append(END);
                    calls.add(new ToolCall("f", "{\"a\":" + part + "}"));
                } else {
                    String piece = kind == 1 ? malformed.get(random.nextInt(malformed.size())) : " text\n" + part;
                    text.append(piece);
                    content.append(piece);
                }
            }
            ParsedOutput expected = new ParsedOutput(content.toString(), "", calls);
            assertEquals(expected, ToolCallParser.parse(text.toString()), "seed " + seed);
        }
    }

    private static String fragments(Random random) {
        StringBuilder text = new StringBuilder();
        for (int i = random.nextInt(25); i > 0; i--) {
            text.append(FRAGMENTS.get(random.nextInt(FRAGMENTS.size())));
        }
        return text.toString();
    }

    private static String damagedBlocks(Random random) {
        StringBuilder text = new StringBuilder();
        for (int block = 1 + random.nextInt(2); block > 0; block--) {
            text.append(random.nextInt(4) == 0 ? "text " : "").append(START).append('[');
            for (int call = random.nextInt(3); call >= 0; call--) {
                text.append("f(");
                for (int i = random.nextInt(3); i > 0; i--) {
                    text.append("abc".charAt(i)).append('=').append(VALUES.get(random.nextInt(VALUES.size())));
                    text.append(i > 1 ? ", " : "");
                }
                text.append(')').append(call > 0 ? "," : "");
            }
            text.append(']').append(END);
        }
        for (int damage = random.nextInt(3); damage > 0; damage--) {
            int at = random.nextInt(text.length());
            switch (random.nextInt(3)) {
                case 0 -> text.deleteCharAt(at);
                case 1 -> text.insert(at, FRAGMENTS.get(random.nextInt(FRAGMENTS.size())));
                default -> text.setLength(Math.max(1, at));
            }
        }
        return text.toString();
    }
}
