package io.penstock.runtime.cuda;

/** Which sequences of a step operations are about: all, or where it is run as two halves, those of one. */
enum BatchPart {
    WHOLE,
    FIRST,
    SECOND
}
