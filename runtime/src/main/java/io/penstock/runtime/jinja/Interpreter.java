package io.penstock.runtime.jinja;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** Carries out statements: one rendering of one template. */
final class Interpreter {
    private static final int MAX_DEPTH = 200;
    private static final String CALLER = "caller";

    private enum Flow { NEXT, BREAK, CONTINUE }

    private int depth;

    Flow run(List<Statement> statements, Scope scope, TextBuilder out) {
        for (Statement statement : statements) {
            Flow flow = run(statement, scope, out);
            if (flow != Flow.NEXT) {
                return flow;
            }
        }
        return Flow.NEXT;
    }

    private Flow run(Statement statement, Scope scope, TextBuilder out) {
        switch (statement) {
            case Statement.Data data -> out.append(data.text());
            case Statement.Output output -> out.append(Python.str(value(output.value(), scope, output.line())));
            case Statement.If choice -> {
                boolean test = Values.truth(value(choice.test(), scope, choice.line()));
                return run(test ? choice.then() : choice.otherwise(), scope, out);
            }
            case Statement.For loop ->
                loop(loop, value(loop.items(), scope, loop.line()), scope, new LoopNesting(out, 0));
            case Statement.Assign assign ->
                assign(assign.targets(), value(assign.value(), scope, assign.line()), scope, assign.line());
            case Statement.Capture capture -> capture(capture, scope, out);
            case Statement.DefineMacro define -> scope.set(define.macro().name(), macro(define.macro(), scope));
            case Statement.CallBlock block -> {
                Scope calling = new Scope(scope);
                calling.set(CALLER, macro(block.caller(), scope));
                out.append(Python.str(value(withCaller(block.call()), calling, block.line())));
            }
            case Statement.With with -> {
                Scope inner = new Scope(scope);
                with.assignments().forEach(assign -> run(assign, inner, out));
                return run(with.body(), inner, out);
            }
            case Statement.Block block -> {
                return run(block.body(), scope, out);
            }
            case Statement.LoopControl control -> {
                return control.isBreak() ? Flow.BREAK : Flow.CONTINUE;
            }
        }
        return Flow.NEXT;
    }

    private static Expression withCaller(Expression expression) {
        Expression.Call call = (Expression.Call) expression;
        List<Map.Entry<String, Expression>> named = new ArrayList<>(call.arguments().named());
        named.add(Map.entry(CALLER, new Expression.Name(CALLER)));
        return new Expression.Call(call.target(), new Expression.Arguments(call.arguments().positional(), named));
    }

    private static Object value(Expression expression, Scope scope, int line) {
        try {
            return Evaluator.value(expression, scope);
        } catch (JinjaException e) {
            throw e.isRaised() || e.getMessage().startsWith("line ") ? e : JinjaException.at(line, e.getMessage());
        }
    }

    private void capture(Statement.Capture capture, Scope scope, TextBuilder out) {
        TextBuilder body = new TextBuilder();
        Scope inner = new Scope(scope);
        run(capture.body(), inner, body);
        inner.set(Statement.Capture.BODY, body.build());
        Object value = value(capture.value(), inner, capture.line());
        if (capture.target() == null) {
            out.append(Python.str(value));
        } else {
            assign(capture.target(), value, scope, capture.line());
        }
    }

    private static void assign(Statement.Targets targets, Object value, Scope scope, int line) {
        if (!targets.unpacks()) {
            assign(targets.targets().getFirst(), value, scope, line);
            return;
        }
        List<Object> values = Values.items(value);
        if (values.size() != targets.targets().size()) {
            throw JinjaException.at(line, values.size() + " values for " + targets.targets().size() + " names");
        }
        for (int i = 0; i < values.size(); i++) {
            assign(targets.targets().get(i), values.get(i), scope, line);
        }
    }

    private static void assign(Statement.Target target, Object value, Scope scope, int line) {
        if (target.attribute() == null) {
            scope.set(target.name(), value);
        } else if (scope.get(target.name()) instanceof Namespace namespace) {
            namespace.attributes().put(target.attribute(), value);
        } else {
            throw JinjaException.at(line, "'" + target.name() + "' is not a namespace, its attributes cannot be set");
        }
    }

    /** Where a loop writes and how many loops of the same statement it stands in. */
    private record LoopNesting(TextBuilder out, int depth) {
    }

    private void loop(Statement.For loop, Object collection, Scope scope, LoopNesting nesting) {
        List<Object> items = filtered(loop, collection, scope);
        if (items.isEmpty()) {
            run(loop.bodies().otherwise(), new Scope(scope), nesting.out());
            return;
        }
        Object[] changed = {null};
        for (int i = 0; i < items.size(); i++) {
            Scope inner = new Scope(scope);
            Map<Text, Object> state = state(items, i, nesting.depth(), changed);
            inner.set("loop", new Loop(state, (positional, named) -> {
                if (!loop.recursive()) {
                    throw new JinjaException("the loop is not recursive and cannot be called");
                }
                TextBuilder deeper = new TextBuilder();
                loop(loop, new Call("loop", positional, named).required(0, "items"), scope,
                    new LoopNesting(deeper, nesting.depth() + 1));
                return deeper.build();
            }));
            assign(loop.targets(), items.get(i), inner, loop.line());
            if (run(loop.bodies().body(), inner, nesting.out()) == Flow.BREAK) {
                return;
            }
        }
    }

    /** {@code loop}: its state as attributes; a recursive one can be called with the items of the next level. */
    record Loop(Map<Text, Object> state, Callable callable) implements Callable {
        @Override
        public Object call(List<Object> positional, Map<String, Object> named) {
            return callable.call(positional, named);
        }
    }

    private static List<Object> filtered(Statement.For loop, Object collection, Scope scope) {
        List<Object> items = Values.items(collection);
        if (loop.filter() == null) {
            return items;
        }
        List<Object> kept = new ArrayList<>();
        for (Object item : items) {
            Scope inner = new Scope(scope);
            assign(loop.targets(), item, inner, loop.line());
            if (Values.truth(value(loop.filter(), inner, loop.line()))) {
                kept.add(item);
            }
        }
        return kept;
    }

    private static Map<Text, Object> state(List<Object> items, int i, int depth, Object[] changed) {
        int size = items.size();
        Map<Text, Object> state = new HashMap<>();
        state.put(Text.of("index0"), (long) i);
        state.put(Text.of("index"), i + 1L);
        state.put(Text.of("revindex0"), size - i - 1L);
        state.put(Text.of("revindex"), (long) size - i);
        state.put(Text.of("first"), i == 0);
        state.put(Text.of("last"), i == size - 1);
        state.put(Text.of("length"), (long) size);
        state.put(Text.of("depth0"), (long) depth);
        state.put(Text.of("depth"), depth + 1L);
        state.put(Text.of("previtem"), i > 0 ? items.get(i - 1) : Undefined.of("'previtem' of the first item"));
        state.put(Text.of("nextitem"), i + 1 < size ? items.get(i + 1) : Undefined.of("'nextitem' of the last item"));
        state.put(Text.of("cycle"), (Callable) (positional, named) -> {
            if (positional.isEmpty()) {
                throw new JinjaException("'cycle' needs values");
            }
            return positional.get(i % positional.size());
        });
        state.put(Text.of("changed"), (Callable) (positional, named) -> {
            boolean same = changed[0] != null && Values.equal(changed[0], positional);
            changed[0] = positional;
            return !same;
        });
        return state;
    }

    private Callable macro(Statement.Macro macro, Scope definition) {
        return (positional, named) -> {
            Scope scope = new Scope(definition);
            Map<String, Object> others = new HashMap<>(named);
            List<Statement.Parameter> parameters = macro.parameters();
            for (int i = 0; i < parameters.size(); i++) {
                Statement.Parameter parameter = parameters.get(i);
                Object given = others.remove(parameter.name());
                Object value = i < positional.size() ? positional.get(i) : given;
                if (value == null) {
                    value = parameter.fallback() == null ? Undefined.of("parameter '" + parameter.name() + "'")
                        : Evaluator.value(parameter.fallback(), scope);
                }
                scope.set(parameter.name(), value);
            }
            Object caller = others.remove(CALLER);
            scope.set(CALLER, caller == null ? Undefined.of("'caller'") : caller);
            Map<Text, Object> rest = Values.newMap();
            others.forEach((name, value) -> rest.put(Text.of(name), value));
            scope.set("kwargs", rest);
            scope.set("varargs", new Tuple(positional.subList(Math.min(parameters.size(), positional.size()),
                positional.size())));
            if (++depth > MAX_DEPTH) {
                throw new JinjaException("macros call each other more than " + MAX_DEPTH + " deep");
            }
            TextBuilder out = new TextBuilder();
            run(macro.body(), scope, out);
            depth--;
            return out.build();
        };
    }
}
