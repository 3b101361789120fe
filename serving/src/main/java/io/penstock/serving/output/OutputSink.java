package io.penstock.serving.output;

/**
 * Takes the parts of one model output in order, from {@link OutputParser}. What was given is never taken back. Texts
 * are never empty and never end between the two halves of a surrogate pair, unless the output itself does.
 */
public interface OutputSink {
    /** The next piece of the answer. */
    void content(String delta);

    /** The next piece of the reasoning, without its tags. */
    void reasoning(String delta);

    /** A tool call begins; {@code index} counts the calls of this output from 0. */
    void toolCallStart(int index, String name);

    /** The next piece of the JSON object that holds the arguments of the call that began last. */
    void toolCallArguments(int index, String delta);
}
