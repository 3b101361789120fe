package io.penstock.serving.grammar;

import io.penstock.runtime.InputException;

/** A schema that cannot be demanded: says where in it, which keyword, and what to do. */
final class SchemaException extends InputException {
    private static final long serialVersionUID = 1L;

    SchemaException(String path, String what) {
        super("the schema at " + (path.isEmpty() ? "its root" : path) + ": " + what);
    }

    static SchemaException unsupported(String path, String keyword, String advice) {
        return new SchemaException(path, "keyword \"" + keyword + "\" is not supported: " + advice);
    }
}
