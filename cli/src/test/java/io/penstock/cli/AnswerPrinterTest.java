package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.io.ByteArrayOutputStream;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

class AnswerPrinterTest {
    private static final String CALL = "<think>T</think><|tool_call_start|>[f(a=1), g()]<|tool_call_end|>";

    /** Shows {@code text} in pieces of {@code length} characters; ESC is written as ~. */
    private static String shown(
            String text, AnswerPrinter.Style style, boolean hasTools, boolean inThinking, int length) {
        var out = new ByteArrayOutputStream();
        var stream = new PrintStream(out, true, StandardCharsets.UTF_8);
        var printer = new AnswerPrinter(stream, style, hasTools, inThinking);
        for (int i = 0; i < text.length(); i += length) {
            printer.print(text.substring(i, Math.min(text.length(), i + length)));
        }
        printer.finish();
        return out.toString(StandardCharsets.UTF_8).replace('\u001B', '~');
    }

    private static String shown(String text, boolean isTerminal, boolean thinking, boolean hasTools, int length) {
        return shown(text, new AnswerPrinter.Style(isTerminal, thinking), hasTools, false, length);
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 100})
    void terminalDimsThinkingAndHidesMarkers(int length) {
        assertEquals("~[2mso so~[0m\n42\n", shown("<think>so so</think>42", true, true, false, length));
        assertEquals("~[2mso~[0m\n42\n", shown("<think>so</think>\n\n42\n", true, true, false, length));
        assertEquals("~[2mcut~[0m\n", shown("<think>cut", true, true, false, length));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 3, 100})
    void pipeGetsWhatTheModelWrites(int length) {
        assertEquals("<think>so</think>\n42\n", shown("<think>so</think>\n42", false, true, false, length));
        assertEquals(CALL + "\n", shown(CALL, false, true, true, length));
    }

    @ParameterizedTest
    @CsvSource({"true", "false"})
    void thinkingIsLeftOut(boolean isTerminal) {
        assertEquals("42\n", shown("<think>so</think>\n\n42", isTerminal, false, false, 2));
        assertEquals("a < b\n", shown("a < b", isTerminal, false, false, 2));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 100})
    void terminalShowsCallsALine(int length) {
        assertEquals("~[2mT~[0m\ncall f {\"a\":1}\ncall g {}\n", shown(CALL, true, true, true, length));
    }

    @ParameterizedTest
    @ValueSource(ints = {1, 100})
    void answerMayBeginInsideItsThinking(int length) {
        var style = new AnswerPrinter.Style(true, true);
        assertEquals("~[2mso~[0m\n42\n", shown("so</think>42", style, false, true, length));
    }
}
