package io.penstock.runtime.jinja;

import java.util.HashMap;
import java.util.Map;

/** Names and their values; what is not here is looked up further out, what is assigned stays here. */
final class Scope {
    private final Scope outer;
    private final Map<String, Object> values = new HashMap<>();

    Scope(Scope outer) {
        this.outer = outer;
    }

    Object get(String name) {
        for (Scope scope = this; scope != null; scope = scope.outer) {
            Object value = scope.values.get(name);
            if (value != null) {
                return value;
            }
        }
        return Undefined.of("'" + name + "'");
    }

    void set(String name, Object value) {
        values.put(name, value);
    }
}
