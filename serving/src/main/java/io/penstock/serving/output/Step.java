package io.penstock.serving.output;

/** What a push reader says of the character it was given. */
enum Step {
    /** Taken; more is needed. */
    MORE,
    /** Taken; it was the last. */
    DONE,
    /** Not taken: the reader was complete before it. */
    DONE_BEFORE,
    /** No continuation can make this well-formed. */
    MALFORMED
}
