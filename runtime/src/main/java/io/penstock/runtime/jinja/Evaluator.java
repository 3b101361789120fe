package io.penstock.runtime.jinja;

import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;

/** Gives expressions their values. */
final class Evaluator {
    private Evaluator() {
    }

    static Object value(Expression expression, Scope scope) {
        return switch (expression) {
            case Expression.Constant constant -> constant.value();
            case Expression.Name name -> scope.get(name.name());
            case Expression.ListOf list -> values(list.items(), scope);
            case Expression.TupleOf tuple -> new Tuple(values(tuple.items(), scope));
            case Expression.DictOf dict -> {
                Map<Object, Object> map = new LinkedHashMap<>();
                dict.entries().forEach(entry -> map.put(value(entry.getKey(), scope), value(entry.getValue(), scope)));
                yield map;
            }
            case Expression.Not not -> !Values.truth(value(not.operand(), scope));
            case Expression.Negative negative -> Values.negative(value(negative.operand(), scope));
            case Expression.Logical logical -> {
                Object left = value(logical.left(), scope);
                yield Values.truth(left) == logical.isAnd() ? value(logical.right(), scope) : left;
            }
            case Expression.Binary binary -> Values.arithmetic(binary.operator(), value(binary.left(), scope),
                value(binary.right(), scope));
            case Expression.Compare compare -> compare(compare, scope);
            case Expression.Conditional conditional -> value(Values.truth(value(conditional.test(), scope))
                ? conditional.then() : conditional.otherwise(), scope);
            case Expression.Attribute attribute -> Values.attribute(value(attribute.target(), scope), attribute.name());
            case Expression.Item item -> Values.item(value(item.target(), scope), value(item.key(), scope));
            case Expression.Slice slice -> Values.slice(value(slice.target(), scope), optional(slice.start(), scope),
                optional(slice.stop(), scope), optional(slice.step(), scope));
            case Expression.Call call -> call(call, scope);
            case Expression.Filter filter -> Filters.apply(value(filter.target(), scope),
                new Call(filter.name(), values(filter.arguments().positional(), scope),
                    named(filter.arguments(), scope)));
            case Expression.Test test -> Tests.evaluate(test.name(), value(test.target(), scope),
                values(test.arguments().positional(), scope)) != test.negated();
        };
    }

    private static Object optional(Expression expression, Scope scope) {
        return expression == null ? null : value(expression, scope);
    }

    private static boolean compare(Expression.Compare compare, Scope scope) {
        Object left = value(compare.first(), scope);
        for (int i = 0; i < compare.operands().size(); i++) {
            Object right = value(compare.operands().get(i), scope);
            if (!Tests.compare(compare.operators().get(i), left, right)) {
                return false;
            }
            left = right;
        }
        return true;
    }

    private static Object call(Expression.Call call, Scope scope) {
        Object target = value(call.target(), scope);
        return switch (target) {
            case Callable callable ->
                callable.call(values(call.arguments().positional(), scope), named(call.arguments(), scope));
            case Undefined undefined -> throw undefined.error();
            default -> throw new JinjaException(Values.typeName(target) + " cannot be called");
        };
    }

    private static List<Object> values(List<Expression> expressions, Scope scope) {
        List<Object> values = new ArrayList<>(expressions.size());
        for (Expression expression : expressions) {
            values.add(value(expression, scope));
        }
        return values;
    }

    private static Map<String, Object> named(Expression.Arguments arguments, Scope scope) {
        Map<String, Object> named = new LinkedHashMap<>();
        arguments.named().forEach(entry -> named.put(entry.getKey(), value(entry.getValue(), scope)));
        return named;
    }
}
