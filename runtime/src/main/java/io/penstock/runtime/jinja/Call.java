package io.penstock.runtime.jinja;

import java.math.BigInteger;
import java.util.List;
import java.util.Map;

/** The arguments of one call of a filter, a test or a method, by position or name. */
record Call(String function, List<Object> positional, Map<String, Object> named) {
    /** The argument at a position or of a name, or null if it is not given. */
    Object optional(int index, String name) {
        if (index < positional.size()) {
            return positional.get(index);
        }
        return named.get(name);
    }

    Object required(int index, String name) {
        Object value = optional(index, name);
        if (value == null) {
            throw new JinjaException("'" + function + "' needs the argument '" + name + "'");
        }
        return value;
    }

    Text text(int index, String name) {
        if (required(index, name) instanceof Text text) {
            return text;
        }
        throw new JinjaException("'" + function + "' needs a string as '" + name + "', not "
            + Values.typeName(required(index, name)));
    }

    String text(int index, String name, String otherwise) {
        Object value = optional(index, name);
        return value == null || value instanceof None ? otherwise : text(index, name).value();
    }

    long integer(int index, String name, long otherwise) {
        Object value = optional(index, name);
        return switch (value) {
            case null -> otherwise;
            case None _ -> otherwise;
            case Long number -> number;
            case BigInteger number -> number.signum() < 0 ? Integer.MIN_VALUE : Integer.MAX_VALUE;
            default -> throw new JinjaException("'" + function + "' needs an integer as '" + name + "', not "
                + Values.typeName(value));
        };
    }

    boolean flag(int index, String name, boolean otherwise) {
        Object value = optional(index, name);
        return value == null ? otherwise : Values.truth(value);
    }
}
