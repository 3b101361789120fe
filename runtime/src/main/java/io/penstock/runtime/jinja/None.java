package io.penstock.runtime.jinja;

/** Python's {@code None}. */
enum None {
    NONE
}
