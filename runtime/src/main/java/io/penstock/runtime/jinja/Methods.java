package io.penstock.runtime.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** The attributes of values: methods of strings, mappings and lists that change nothing, and what a namespace holds. */
final class Methods {
    private Methods() {
    }

    static Object attribute(Object target, String name) {
        return switch (target) {
            case Text text when StringMethods.isKnown(name) -> (Callable) (positional, named) ->
                StringMethods.call(text, new Call(name, positional, named));
            case Map<?, ?> map -> ofMap(map, name);
            case List<?> list -> ofList(list, name);
            case Namespace namespace -> namespace.attributes().getOrDefault(name, undefined(target, name));
            case Interpreter.Loop loop -> loop.state().getOrDefault(Text.of(name), undefined(target, name));
            default -> undefined(target, name);
        };
    }

    private static Undefined undefined(Object target, String name) {
        return Undefined.of("'" + name + "' of " + Values.typeName(target));
    }

    private static Object ofMap(Map<?, ?> map, String name) {
        return switch (name) {
            case "items" -> (Callable) (positional, named) -> pairs(map);
            case "keys" -> (Callable) (positional, named) -> new ArrayList<Object>(map.keySet());
            case "values" -> (Callable) (positional, named) -> new ArrayList<Object>(map.values());
            case "copy" -> (Callable) (positional, named) -> new LinkedHashMap<>(map);
            case "get" -> (Callable) (positional, named) -> {
                Call call = new Call("get", positional, named);
                Object found = map.get(call.required(0, "key"));
                Object otherwise = call.optional(1, "default");
                return found != null ? found : otherwise != null ? otherwise : None.NONE;
            };
            case "update", "pop", "popitem", "clear", "setdefault" -> changes(name);
            default -> undefined(map, name);
        };
    }

    static List<Object> pairs(Map<?, ?> map) {
        List<Object> pairs = new ArrayList<>();
        map.forEach((key, value) -> pairs.add(new Tuple(List.of(key, value))));
        return pairs;
    }

    private static Object ofList(List<?> list, String name) {
        return switch (name) {
            case "index" -> (Callable) (positional, named) -> {
                Object value = new Call("index", positional, named).required(0, "value");
                for (int i = 0; i < list.size(); i++) {
                    if (Values.equal(list.get(i), value)) {
                        return (long) i;
                    }
                }
                throw new JinjaException("'index' finds no such item in the list");
            };
            case "count" -> (Callable) (positional, named) -> {
                Object value = new Call("count", positional, named).required(0, "value");
                return list.stream().filter(item -> Values.equal(item, value)).count();
            };
            case "copy" -> (Callable) (positional, named) -> new ArrayList<Object>(list);
            case "append", "extend", "insert", "remove", "pop", "clear", "reverse", "sort" -> changes(name);
            default -> undefined(list, name);
        };
    }

    private static Callable changes(String name) {
        return (positional, named) -> {
            throw new JinjaException("'" + name + "' changes its object, which a template may not");
        };
    }
}
