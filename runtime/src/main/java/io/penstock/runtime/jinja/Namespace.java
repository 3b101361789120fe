package io.penstock.runtime.jinja;

import java.util.HashMap;
import java.util.Map;

/** The one kind of value whose attributes a template may assign. */
record Namespace(Map<String, Object> attributes) {
    Namespace() {
        this(new HashMap<>());
    }
}
