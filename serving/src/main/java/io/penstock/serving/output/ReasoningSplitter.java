package io.penstock.serving.output;

/**
 * Tells reasoning ({@code <think>} to {@code </think>}, or to the end where it is not closed) from the answer. All
 * reasoning of an output is joined; both texts are verbatim, without the tags. An end tag without a start is content.
 */
public final class ReasoningSplitter {
    private ReasoningSplitter() {}

    /**
     * @param startsInThinking the prompt ended with {@code <think>}; the output may still repeat that tag
     */
    public static ParsedOutput split(String text, boolean startsInThinking) {
        return OutputParser.parse(format(startsInThinking), text);
    }

    /** The same from pieces; see {@link #split}. */
    public static OutputParser streaming(boolean startsInThinking, OutputSink sink) {
        return new OutputParser(format(startsInThinking), sink);
    }

    private static OutputFormat format(boolean startsInThinking) {
        return new OutputFormat(false, true, startsInThinking);
    }
}
