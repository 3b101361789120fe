package io.penstock.runtime.jinja;

/** What a name or an attribute is that nobody gave: empty, false, and an error where a value is needed. */
record Undefined(String what) {
    static Undefined of(String what) {
        return new Undefined(what);
    }

    JinjaException error() {
        return new JinjaException(what + " is undefined");
    }
}
