package io.penstock.serving.output;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTimeoutPreemptively;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class OutputParserTest {
    private static final String START = ToolCallGrammar.START_MARKER;
    private static final String END = ToolCallGrammar.END_MARKER;

    private final List<String> events = new ArrayList<>();

    private OutputParser parser(OutputFormat format) {
        return new OutputParser(format, new OutputSink() {
            @Override
            public void content(String delta) {
                events.add("C:" + delta);
            }

            @Override
            public void reasoning(String delta) {
                events.add("R:" + delta);
            }

            @Override
            public void toolCallStart(int index, String name) {
                events.add("T" + index + ":" + name);
            }

            @Override
            public void toolCallArguments(int index, String delta) {
                events.add("A" + index + ":" + delta);
            }
        });
    }

    private void expect(String... expected) {
        assertEquals(List.of(expected), events);
        events.clear();
    }

    private static String arguments(String inside) {
        ParsedOutput parsed = ToolCallParser.parse(START + "[f(" + inside + ")]" + END);
        assertEquals(1, parsed.toolCalls().size(), parsed.content());
        return parsed.toolCalls().getFirst().argumentsJson();
    }

    private static void assertMalformed(String block) {
        assertEquals(new ParsedOutput(block, "", List.of()), ToolCallParser.parse(block));
    }

    @Test
    void textComesAtOnceAndCallsWhenTheirBlockIsGood() {
        OutputParser parser = parser(new OutputFormat(true, true, false));
        parser.feed("<thi");
        expect();
        parser.feed("nk>hm");
        expect("R:hm");
        parser.feed(" so</th");
        expect("R: so");
        parser.feed("ink>\n");
        expect();
        parser.feed("Wait");
        expect("C:\nWait");
        parser.feed("<|tool_call_start|>[f(a=1), g(");
        expect();
        parser.feed(")]<|tool_call_end|");
        expect();
        parser.feed(">done");
        expect("T0:f", "A0:{\"a\":1}", "T1:g", "A1:{}", "C:done");
        parser.finish();
        expect();
        assertEquals(2, parser.numToolCalls());
    }

    @Test
    void aMalformedBlockIsContentFromItsFirstFault() {
        OutputParser parser = parser(OutputFormat.TOOL_CALLS);
        parser.feed(START + "I ca");
        expect("C:" + START, "C:I ca");
        parser.feed("n't");
        expect("C:n't");
    }

    @Test
    void whiteSpaceBeforeACallGoesOnlyWhenNothingElseFollows() {
        OutputParser parser = parser(OutputFormat.TOOL_CALLS);
        parser.feed(" \n" + START + "[f()]" + END);
        expect("T0:f", "A0:{}");
        parser.feed("\n");
        expect();
        parser.finish();
        expect();
        parser = parser(OutputFormat.TOOL_CALLS);
        parser.feed(" \n" + START + "[f()]" + END + "\n");
        events.clear();
        parser.feed("x");
        expect("C: \n\nx");
        parser = parser(OutputFormat.TOOL_CALLS);
        parser.feed(" \n");
        parser.finish();
        expect("C: \n");
    }

    @Test
    void withoutToolsBlocksAreContent() {
        OutputParser parser = parser(new OutputFormat(false, true, false));
        parser.feed(" " + START + "[f()]" + END);
        parser.finish();
        expect("C: " + START + "[f()]" + END);
    }

    @Test
    void halvesOfASurrogatePairAreNotTornApart() {
        OutputParser parser = parser(OutputFormat.TOOL_CALLS);
        parser.feed("a\ud83d");
        expect("C:a");
        parser.feed("\ude00");
        expect("C:\ud83d\ude00");
        parser.feed("\ud83d");
        parser.finish();
        expect("C:\ud83d");
    }

    @Test
    void feedAfterFinishIsRefused() {
        OutputParser parser = parser(OutputFormat.TOOL_CALLS);
        parser.finish();
        assertThrows(IllegalStateException.class, () -> parser.feed("x"));
        assertThrows(IllegalStateException.class, parser::finish);
    }

    @ParameterizedTest
    @CsvSource(quoteCharacter = '`', value = {
        "plain,false,plain,``", "<think>a</think>b,false,b,a", "<think>a,false,``,a", "a</think>b,true,b,a",
        "<think>a</think>b,true,b,a", "a,true,``,a", "<th,true,``,<th", "x</think>y,false,x</think>y,``",
        "<think>a</think>b<think>c</think>d,false,bd,ac", "<think>a<think>b</think>c,false,c,a<think>b",
        "<think></think>b,false,b,``", "b<think,false,b<think,``"})
    void reasoning(String text, boolean startsInThinking, String content, String reasoning) {
        ParsedOutput expected = new ParsedOutput(content, reasoning, List.of());
        assertEquals(expected, ReasoningSplitter.split(text, startsInThinking));
        RecordedOutput recorded = new RecordedOutput();
        OutputParser parser = ReasoningSplitter.streaming(startsInThinking, recorded);
        RecordedOutput.singleChars(text).forEach(parser::feed);
        parser.finish();
        assertEquals(expected, recorded.parsed());
    }

    @Test
    void aCallWhileThinkingIsNotOne() {
        OutputFormat format = new OutputFormat(true, true, true);
        String call = START + "[f()]" + END;
        assertEquals(new ParsedOutput("", call, List.of(new ToolCall("f", "{}"))),
                OutputParser.parse(format, call + "</think>" + call));
        assertEquals(new ParsedOutput(call + "</think>", "", List.of()),
                OutputParser.parse(new OutputFormat(true, false, true), call + "</think>"));
    }

    @ParameterizedTest
    @CsvSource({"1e5,1e5", "-0.0,-0.0", "-0,0", "-000,0", "+5,5", "007,7", "-007.50,-7.50", ".5,0.5", "5.,5.0",
        "5.e3,5.0e3", "1E+400,1E+400", "123456789012345678901234567890,123456789012345678901234567890",
        "0.1234567890123456789012345,0.1234567890123456789012345"})
    void numbersKeepTheirValue(String written, String json) {
        assertEquals("{\"a\":" + json + "}", arguments("a=" + written));
    }

    @ParameterizedTest
    @ValueSource(strings = {"1_000", "0x10", "1e", "1e+", ".", "-", "+", "--1", "- 1", "1j", "-true", "1.2.3", "NaN",
        "TRUE", "none", "Truer", "\u0663", "(1)", "{1}", "{'a'}", "[,]", "{,}", "'a' 'b'", "r'a'", "'a''", "'''a''''",
        "'\\x4'", "'\\U00110000'", "'\\UFFFFFFFF'", "'\\u\uff11111'", "g()", "b'x'", "1 if x else 2"})
    void valuesThatAreNone(String written) {
        assertMalformed(START + "[f(a=" + written + ")]" + END);
    }

    @Test
    void textsKeepEveryCharacter() {
        assertEquals("{\"a\":\"\\ud83d\"}", arguments("a='\\ud83d'"));
        assertEquals("{\"a\":\"\ud83d\ude00\"}", arguments("a='\\ud83d\\ude00'"));
        assertEquals("{\"a\":\"\ud83d\ude00\"}", arguments("a='\\U0001f600'"));
        assertEquals("{\"a\":\"\\u000b\\u0007\\\\0\\\\/\"}", arguments("a='\\v\\a\\0\\/'"));
        assertEquals("{\"a\":\"x''y\"}", arguments("a='''x''y'''"));
        assertEquals("{\"a\":\"\",\"b\":\"\"}", arguments("a=\"\"\"\"\"\", b=''"));
        assertEquals("{\"a\":{\"k\":2,\"l\":1}}", arguments("a={'k': 1, 'l': 1, 'k': 2}"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"[f(,)]", "[,]", "[f(),,]", "{'name': 'f'},", "{'name': 'f'}, {'name': 'g'}",
        "[f(), {'name': 'g'}]", "[{'name': 'g'}, f()]", "{'name': ''}", "{'name': 'a b'}", "{'name': 'f',",
        "{'name': 'f', 'arguments': ''}", "{'name': 'f', 'arguments': '[]'}", "{'name': 'f', 'arguments': '{} x'}",
        "{'name': 'f', 'arguments': \"{'a': 1}\"}", "{'name': 'f', 'arguments': true}", "f()]", "f(), <", "[[f()]]"})
    void blocksThatAreNone(String block) {
        assertMalformed(START + block + END);
        assertMalformed(START + block + "<|tool_call_en");
    }

    @ParameterizedTest
    @ValueSource(strings = {"f(), g(),", "f(),g()\n", "[{'name': 'f'}, {'name': 'g', 'arguments': None},]",
        "[f(), g(),\u00a0]", "[\t{\"arguments\": \"{}\", \"name\": \"f\"},{\"name\": \"g\"}]"})
    void blocksOfTwoCalls(String block) {
        assertEquals(new ParsedOutput("", "", List.of(new ToolCall("f", "{}"), new ToolCall("g", "{}"))),
                ToolCallParser.parse(START + block + END));
    }

    @Test
    void nestingIsBounded() {
        int most = ValueReader.MAX_DEPTH;
        assertEquals("{\"a\":" + "[".repeat(most) + "]".repeat(most) + "}",
                arguments("a=" + "[".repeat(most) + "]".repeat(most)));
        assertMalformed(START + "[f(a=" + "[".repeat(most + 1) + "]".repeat(most + 1) + ")]" + END);
        assertMalformed(START + "[f(a=" + "{'k':".repeat(100_000));
        String text = "{\\\"k\\\":".repeat(most + 1) + "1" + "}".repeat(most + 1);
        assertMalformed(START + "{\"name\": \"f\", \"arguments\": \"" + text + "\"}" + END);
    }

    @Test
    void aBlockBeyondTheLimitIsContent() {
        String letters = "x".repeat(OutputParser.MAX_HELD_CHARS);
        assertMalformed(START + "[f(a='" + letters + "')]" + END);
        assertEquals(OutputParser.MAX_HELD_CHARS - 1000 + "{\"a\":\"\"}".length(),
                arguments("a='" + letters.substring(1000) + "'").length());
        RecordedOutput recorded = new RecordedOutput();
        OutputParser parser = new OutputParser(OutputFormat.TOOL_CALLS, recorded);
        parser.feed(START + "[f(a='");
        for (int i = 0; i < OutputParser.MAX_HELD_CHARS; i += 1 << 10) {
            assertEquals("", recorded.parsed().content());
            parser.feed(letters.substring(0, 1 << 10));
        }
        assertEquals(START + "[f(a='" + letters, recorded.parsed().content());
        String blank = " ".repeat(OutputParser.MAX_HELD_CHARS + 1);
        assertEquals(new ParsedOutput(blank, "", List.of(new ToolCall("f", "{}"))),
                ToolCallParser.parse(blank + START + "[f()]" + END));
    }

    @Test
    void timeIsLinear() {
        assertTimeoutPreemptively(Duration.ofSeconds(20), () -> {
            String digits = "9".repeat(500_000);
            assertEquals("{\"a\":" + digits + "}", arguments("a=" + digits));
            assertMalformed((START + "[f(a='").repeat(50_000));
            assertMalformed("<".repeat(1_000_000));
            String calls = (START + "[f()]" + END).repeat(50_000);
            assertEquals(50_000, RecordedOutput.parse(OutputFormat.TOOL_CALLS, RecordedOutput.singleChars(calls))
                    .toolCalls().size());
        });
    }
}
