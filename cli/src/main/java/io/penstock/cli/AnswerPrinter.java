package io.penstock.cli;

import io.penstock.serving.output.OutputFormat;
import io.penstock.serving.output.OutputParser;
import io.penstock.serving.output.OutputSink;
import java.io.PrintStream;

/**
 * Shows one answer while it comes. For a program it is printed as the model writes it; for a person thinking is dim and
 * the markers are gone. Thinking can be left out for both.
 */
final class AnswerPrinter implements OutputSink {
    private static final String DIM = "\u001B[2m";
    private static final String PLAIN = "\u001B[0m";

    private final PrintStream out;
    private final Style style;
    private final OutputParser parser;
    private boolean isDim;
    private boolean thought;
    private boolean contentBegan;
    private boolean atLineStart = true;

    /**
     * How to show.
     *
     * @param isTerminal a person looks
     * @param showsThinking what is between think tags is shown
     */
    record Style(boolean isTerminal, boolean showsThinking) {
        boolean isVerbatim() {
            return !isTerminal && showsThinking;
        }
    }

    /**
     * @param hasTools the model was given tools, so calls are looked for
     * @param startsInThinking the prompt ended with an opening think tag
     */
    AnswerPrinter(PrintStream out, Style style, boolean hasTools, boolean startsInThinking) {
        this.out = out;
        this.style = style;
        parser = new OutputParser(new OutputFormat(hasTools && style.isTerminal(), true, startsInThinking), this);
    }

    /** Shows the next piece of the answer. */
    void print(String piece) {
        if (style.isVerbatim()) {
            write(piece);
        } else {
            parser.feed(piece);
        }
        out.flush();
    }

    /** Shows what was held back and ends the line. */
    void finish() {
        if (!style.isVerbatim()) {
            parser.finish();
        }
        restore();
        endLine();
        out.flush();
    }

    /** Gives the terminal back from an answer that ends in the middle. */
    void cutOff() {
        restore();
        if (style.isTerminal()) {
            endLine();
        }
        out.flush();
    }

    private void restore() {
        if (isDim) {
            out.print(PLAIN);
            isDim = false;
        }
    }

    @Override
    public void content(String delta) {
        restore();
        String shown = delta;
        if (thought && !contentBegan) {
            shown = delta.stripLeading();
            if (shown.isEmpty()) {
                return;
            }
            if (style.showsThinking()) {
                endLine();
            }
        }
        contentBegan = true;
        write(shown);
    }

    @Override
    public void reasoning(String delta) {
        thought = true;
        if (!style.showsThinking()) {
            return;
        }
        if (!isDim) {
            out.print(DIM);
            isDim = true;
        }
        write(delta);
    }

    @Override
    public void toolCallStart(int index, String name) {
        restore();
        endLine();
        write("call " + name + " ");
    }

    @Override
    public void toolCallArguments(int index, String delta) {
        write(delta + "\n");
    }

    private void write(String text) {
        out.print(text);
        atLineStart = text.endsWith("\n");
    }

    private void endLine() {
        if (!atLineStart) {
            write("\n");
        }
    }
}
