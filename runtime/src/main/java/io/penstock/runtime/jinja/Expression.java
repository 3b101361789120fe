package io.penstock.runtime.jinja;

import java.util.List;
import java.util.Map;

/** What stands in a tag and has a value. */
sealed interface Expression {
    record Constant(Object value) implements Expression {
    }

    record Name(String name) implements Expression {
    }

    record ListOf(List<Expression> items) implements Expression {
    }

    record TupleOf(List<Expression> items) implements Expression {
    }

    record DictOf(List<Map.Entry<Expression, Expression>> entries) implements Expression {
    }

    record Not(Expression operand) implements Expression {
    }

    record Negative(Expression operand) implements Expression {
    }

    /** {@code and} and {@code or}: the value is one of the operands. */
    record Logical(boolean isAnd, Expression left, Expression right) implements Expression {
    }

    record Binary(String operator, Expression left, Expression right) implements Expression {
    }

    /** {@code a < b <= c}; operators are those of comparison and {@code in}, {@code not in}. */
    record Compare(Expression first, List<String> operators, List<Expression> operands) implements Expression {
    }

    record Conditional(Expression test, Expression then, Expression otherwise) implements Expression {
    }

    record Attribute(Expression target, String name) implements Expression {
    }

    record Item(Expression target, Expression key) implements Expression {
    }

    /** {@code target[start:stop:step]}, each of them may be null. */
    record Slice(Expression target, Expression start, Expression stop, Expression step) implements Expression {
    }

    record Call(Expression target, Arguments arguments) implements Expression {
    }

    record Filter(String name, Expression target, Arguments arguments) implements Expression {
    }

    record Test(String name, boolean negated, Expression target, Arguments arguments) implements Expression {
    }

    record Arguments(List<Expression> positional, List<Map.Entry<String, Expression>> named) {
        static final Arguments NONE = new Arguments(List.of(), List.of());
    }
}
