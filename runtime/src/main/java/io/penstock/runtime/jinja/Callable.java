package io.penstock.runtime.jinja;

import java.util.List;
import java.util.Map;

/** A function, a macro, or a method of a value. */
@FunctionalInterface
interface Callable {
    Object call(List<Object> positional, Map<String, Object> named);
}
