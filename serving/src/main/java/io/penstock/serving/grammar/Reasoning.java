package io.penstock.serving.grammar;

/** Whether a model may think before an answer of a demanded form, which begins behind the thinking's closing tag. */
public enum Reasoning {
    /** The answer is the whole output. */
    NONE,
    /** The output may begin with the tag that opens the thinking, or be the answer alone. */
    POSSIBLE,
    /** The prompt ends with that tag: the output begins inside the thinking. */
    BEGUN;

    static final String START = "<think>";
    static final String END = "</think>";
}
