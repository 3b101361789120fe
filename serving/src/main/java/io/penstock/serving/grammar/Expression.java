package io.penstock.serving.grammar;

import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;

/**
 * A language over bytes and control tokens, as a tree whose parts may be shared. The body of a {@link Rule} may call
 * the rule again: not regular, but no more than a stack away from it.
 */
sealed interface Expression {
    /** No limit on repetitions. */
    int UNBOUNDED = -1;

    /** The empty text. */
    Expression EMPTY = new Sequence(List.of());

    /** No text at all. */
    Expression NEVER = new Choice(List.of());

    /** One byte of a set. */
    record Bytes(ByteSet set) implements Expression {}

    /** One token that is not text. */
    record Control(int tokenId) implements Expression {}

    /** One after the other. */
    record Sequence(List<Expression> parts) implements Expression {}

    /** Any one of them. */
    record Choice(List<Expression> parts) implements Expression {}

    /** {@code min} to {@code max} times; the body is never empty. */
    record Repeat(Expression body, int min, int max) implements Expression {}

    /** What a rule says, one level deeper. */
    record Call(Rule rule) implements Expression {}

    /** A named part, which never is the empty text; its body is set once, maybe after it was called. */
    final class Rule {
        Expression body;
    }

    static Expression of(int value) {
        return new Bytes(ByteSet.of(value));
    }

    static Expression range(int from, int to) {
        return new Bytes(ByteSet.range(from, to));
    }

    /** The text in UTF-8. */
    static Expression text(String text) {
        byte[] bytes = text.getBytes(StandardCharsets.UTF_8);
        Expression[] parts = new Expression[bytes.length];
        for (int i = 0; i < parts.length; i++) {
            parts[i] = of(bytes[i] & 0xFF);
        }
        return sequence(parts);
    }

    static Expression sequence(Expression... parts) {
        return parts.length == 1 ? parts[0] : new Sequence(List.of(parts));
    }

    static Expression choice(Expression... parts) {
        return choice(Arrays.asList(parts));
    }

    static Expression choice(List<Expression> parts) {
        List<Expression> possible = new ArrayList<>();
        ByteSet bytes = ByteSet.NONE;
        for (Expression part : parts) {
            if (part instanceof Bytes(ByteSet set)) {
                bytes = bytes.or(set);
            } else if (part != NEVER) {
                possible.add(part);
            }
        }
        if (!bytes.equals(ByteSet.NONE)) {
            possible.add(new Bytes(bytes));
        }
        return possible.isEmpty() ? NEVER : possible.size() == 1 ? possible.getFirst() : new Choice(possible);
    }

    static Expression optional(Expression body) {
        return repeat(body, 0, 1);
    }

    static Expression star(Expression body) {
        return repeat(body, 0, UNBOUNDED);
    }

    /** {@code min} to {@code max} times, or any number of times from {@code min} on. */
    static Expression repeat(Expression body, int min, int max) {
        if (max == 0 || body == EMPTY) {
            return EMPTY;
        }
        if (isNullable(body)) {
            return repeat(nonEmpty(body), 0, max);
        }
        if (body == NEVER) {
            return min == 0 ? EMPTY : NEVER;
        }
        return min == 1 && max == 1 ? body : new Repeat(body, min, max);
    }

    /** Whether the empty text is one of them. */
    static boolean isNullable(Expression expression) {
        return switch (expression) {
            case Bytes _, Control _, Call _ -> false;
            case Sequence s -> s.parts.stream().allMatch(Expression::isNullable);
            case Choice c -> c.parts.stream().anyMatch(Expression::isNullable);
            case Repeat r -> r.min == 0;
        };
    }

    /** The same texts but the empty one: with it a loop could turn for ever in one place. */
    private static Expression nonEmpty(Expression expression) {
        if (!isNullable(expression)) {
            return expression;
        }
        return switch (expression) {
            case Bytes _, Control _, Call _ -> expression;
            case Choice c -> choice(c.parts.stream().map(Expression::nonEmpty).toList());
            case Repeat r -> r.max == 1 ? r.body : new Repeat(r.body, 1, r.max);
            case Sequence s -> {
                List<Expression> begins = new ArrayList<>();
                for (int i = 0; i < s.parts.size(); i++) {
                    List<Expression> rest = new ArrayList<>(s.parts.subList(i, s.parts.size()));
                    rest.set(0, nonEmpty(rest.getFirst()));
                    begins.add(rest.getFirst() == NEVER ? NEVER : new Sequence(rest));
                }
                yield choice(begins);
            }
        };
    }
}
