package io.penstock.runtime.jinja;

import io.penstock.runtime.jinja.Expression.Arguments;
import io.penstock.runtime.jinja.Lexer.Kind;
import io.penstock.runtime.jinja.Lexer.Token;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Reads expressions off the tokens of a template, with Jinja's precedences. */
class ExpressionParser {
    private static final Set<String> COMPARISONS = Set.of("==", "!=", "<", "<=", ">", ">=");
    private static final Set<String> NO_TEST_ARGUMENT = Set.of("else", "or", "and", "is", "if", "in", "not");

    private final List<Token> tokens;
    private int at;

    ExpressionParser(List<Token> tokens) {
        this.tokens = tokens;
    }

    Token current() {
        return tokens.get(at);
    }

    Token next() {
        Token token = tokens.get(at);
        if (token.kind() != Kind.END) {
            at++;
        }
        return token;
    }

    boolean take(String operatorOrName) {
        if (current().is(operatorOrName)) {
            at++;
            return true;
        }
        return false;
    }

    void expect(String operatorOrName) {
        if (!take(operatorOrName)) {
            throw unexpected("'" + operatorOrName + "'");
        }
    }

    void expect(Kind kind) {
        if (next().kind() != kind) {
            at--;
            throw unexpected(kind.name().toLowerCase(Locale.ROOT).replace('_', ' '));
        }
    }

    String name() {
        if (current().kind() != Kind.NAME) {
            throw unexpected("a name");
        }
        return next().text();
    }

    JinjaException unexpected(String expected) {
        return JinjaException.at(current().line(), "expected " + expected + ", found '" + current().value() + "'");
    }

    /** An expression, or several with commas between them, which are a tuple. */
    Expression tuple(boolean conditions) {
        Expression first = conditions ? expression() : or();
        if (!current().is(",")) {
            return first;
        }
        List<Expression> items = new ArrayList<>(List.of(first));
        while (take(",") && !endsTuple()) {
            items.add(conditions ? expression() : or());
        }
        return new Expression.TupleOf(items);
    }

    private boolean endsTuple() {
        return current().kind() == Kind.BLOCK_END || current().kind() == Kind.VARIABLE_END || current().is(")")
            || current().is("in");
    }

    Expression expression() {
        Expression value = or();
        while (take("if")) {
            Expression test = or();
            Expression otherwise = take("else") ? expression()
                : new Expression.Constant(Undefined.of("the other value"));
            value = new Expression.Conditional(test, value, otherwise);
        }
        return value;
    }

    Expression or() {
        Expression left = and();
        while (take("or")) {
            left = new Expression.Logical(false, left, and());
        }
        return left;
    }

    private Expression and() {
        Expression left = not();
        while (take("and")) {
            left = new Expression.Logical(true, left, not());
        }
        return left;
    }

    private Expression not() {
        return take("not") ? new Expression.Not(not()) : compare();
    }

    private Expression compare() {
        Expression first = sum();
        List<String> operators = new ArrayList<>();
        List<Expression> operands = new ArrayList<>();
        while (true) {
            if (current().kind() == Kind.OPERATOR && COMPARISONS.contains(current().text())) {
                operators.add(next().text());
            } else if (take("in")) {
                operators.add("in");
            } else if (current().is("not") && tokens.get(at + 1).is("in")) {
                at += 2;
                operators.add("not in");
            } else {
                return operators.isEmpty() ? first : new Expression.Compare(first, operators, operands);
            }
            operands.add(sum());
        }
    }

    private Expression sum() {
        Expression left = concatenation();
        while (current().is("+") || current().is("-")) {
            left = new Expression.Binary(next().text(), left, concatenation());
        }
        return left;
    }

    private Expression concatenation() {
        Expression left = product();
        while (take("~")) {
            left = new Expression.Binary("~", left, product());
        }
        return left;
    }

    private Expression product() {
        Expression left = power();
        while (current().is("*") || current().is("/") || current().is("//") || current().is("%")) {
            left = new Expression.Binary(next().text(), left, power());
        }
        return left;
    }

    private Expression power() {
        Expression left = unary(true);
        while (take("**")) {
            left = new Expression.Binary("**", left, unary(true));
        }
        return left;
    }

    private Expression unary(boolean withFilters) {
        Expression value;
        if (take("-")) {
            value = new Expression.Negative(unary(false));
        } else if (take("+")) {
            value = unary(false);
        } else {
            value = postfix(primary());
        }
        return withFilters ? filters(value) : value;
    }

    private Expression primary() {
        Token token = current();
        return switch (token.kind()) {
            case NUMBER -> new Expression.Constant(next().value());
            case STRING -> {
                StringBuilder text = new StringBuilder();
                while (current().kind() == Kind.STRING) {
                    text.append(next().text());
                }
                yield new Expression.Constant(Text.of(text.toString()));
            }
            case NAME -> {
                next();
                yield switch (token.text()) {
                    case "true", "True" -> new Expression.Constant(true);
                    case "false", "False" -> new Expression.Constant(false);
                    case "none", "None" -> new Expression.Constant(None.NONE);
                    default -> new Expression.Name(token.text());
                };
            }
            default -> bracketed();
        };
    }

    private Expression bracketed() {
        if (take("(")) {
            if (take(")")) {
                return new Expression.TupleOf(List.of());
            }
            Expression inner = tuple(true);
            expect(")");
            return inner;
        }
        if (take("[")) {
            List<Expression> items = new ArrayList<>();
            while (!take("]")) {
                items.add(expression());
                if (!current().is("]")) {
                    expect(",");
                }
            }
            return new Expression.ListOf(items);
        }
        if (take("{")) {
            List<Map.Entry<Expression, Expression>> entries = new ArrayList<>();
            while (!take("}")) {
                Expression key = expression();
                expect(":");
                entries.add(Map.entry(key, expression()));
                if (!current().is("}")) {
                    expect(",");
                }
            }
            return new Expression.DictOf(entries);
        }
        throw unexpected("an expression");
    }

    private Expression postfix(Expression start) {
        Expression value = start;
        while (true) {
            if (take(".")) {
                value = current().kind() == Kind.NUMBER
                    ? new Expression.Item(value, new Expression.Constant(next().value()))
                    : new Expression.Attribute(value, name());
            } else if (take("[")) {
                value = subscript(value);
            } else if (current().is("(")) {
                value = new Expression.Call(value, arguments());
            } else {
                return value;
            }
        }
    }

    private Expression subscript(Expression target) {
        Expression start = current().is(":") ? null : expression();
        if (take("]")) {
            return new Expression.Item(target, start);
        }
        expect(":");
        Expression stop = current().is(":") || current().is("]") ? null : expression();
        Expression step = take(":") && !current().is("]") ? expression() : null;
        expect("]");
        return new Expression.Slice(target, start, stop, step);
    }

    private Expression filters(Expression start) {
        Expression value = start;
        while (true) {
            if (take("|")) {
                value = filter(value);
            } else if (take("is")) {
                value = test(value);
            } else if (current().is("(")) {
                value = new Expression.Call(value, arguments());
            } else {
                return value;
            }
        }
    }

    /** A filter behind {@code |}, applied to {@code target}. */
    Expression filter(Expression target) {
        int line = current().line();
        String name = name();
        if (!Filters.isKnown(name)) {
            throw JinjaException.at(line, "there is no filter '" + name + "'");
        }
        return new Expression.Filter(name, target, current().is("(") ? arguments() : Arguments.NONE);
    }

    private Expression test(Expression target) {
        boolean negated = take("not");
        int line = current().line();
        String name = current().kind() == Kind.OPERATOR ? next().text() : name();
        if (!Tests.isKnown(name)) {
            throw JinjaException.at(line, "there is no test '" + name + "'");
        }
        Arguments arguments = Arguments.NONE;
        Token token = current();
        boolean argument = token.kind() == Kind.STRING || token.kind() == Kind.NUMBER || token.is("[") || token.is("{")
            || token.kind() == Kind.NAME && !NO_TEST_ARGUMENT.contains(token.text());
        if (token.is("(")) {
            arguments = arguments();
        } else if (argument) {
            arguments = new Arguments(List.of(postfix(primary())), List.of());
        }
        return new Expression.Test(name, negated, target, arguments);
    }

    Arguments arguments() {
        expect("(");
        List<Expression> positional = new ArrayList<>();
        List<Map.Entry<String, Expression>> named = new ArrayList<>();
        while (!take(")")) {
            if (current().is("*") || current().is("**")) {
                throw unexpected("an argument");
            }
            if (current().kind() == Kind.NAME && tokens.get(at + 1).is("=")) {
                String name = name();
                expect("=");
                named.add(Map.entry(name, expression()));
            } else if (named.isEmpty()) {
                positional.add(expression());
            } else {
                throw unexpected("a named argument");
            }
            if (!current().is(")")) {
                expect(",");
            }
        }
        return new Arguments(positional, named);
    }
}
