package io.penstock.serving.grammar;

import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.function.Function;

/** A regular expression over code points. */
sealed interface Regex {
    /** No limit on lengths and repetitions. */
    int UNBOUNDED = -1;

    /** One code point of a set. */
    record One(CodePoints set) implements Regex {}

    record Series(List<Regex> parts) implements Regex {}

    record Either(List<Regex> parts) implements Regex {}

    record Repeated(Regex body, int min, int max) implements Regex {}

    /** The beginning of the text, or its end. */
    record Anchor(boolean isEnd) implements Regex {}

    /** The same texts, with code points written by {@code encoding}. Anchors must have been resolved. */
    default Expression expression(Function<CodePoints, Expression> encoding) {
        return expression(encoding, new HashMap<>());
    }

    private Expression expression(Function<CodePoints, Expression> encoding, Map<CodePoints, Expression> known) {
        return switch (this) {
            case One one -> known.computeIfAbsent(one.set, encoding);
            case Series series -> Expression.sequence(
                    series.parts.stream().map(part -> part.expression(encoding, known)).toArray(Expression[]::new));
            case Either either -> Expression.choice(
                    either.parts.stream().map(part -> part.expression(encoding, known)).toList());
            case Repeated r -> Expression.repeat(r.body.expression(encoding, known), r.min, r.max);
            case Anchor _ -> throw new IllegalStateException("an anchor is left");
        };
    }

    /** Code points of the shortest text. */
    default long minLength() {
        return switch (this) {
            case One _ -> 1;
            case Series series -> series.parts.stream().mapToLong(Regex::minLength).sum();
            case Either either -> either.parts.stream().mapToLong(Regex::minLength).min().orElse(0);
            case Repeated r -> r.min * r.body.minLength();
            case Anchor _ -> 0;
        };
    }

    /** Code points of the longest text, or {@link #UNBOUNDED}. */
    default long maxLength() {
        return switch (this) {
            case One _ -> 1;
            case Series series -> {
                long sum = 0;
                for (Regex part : series.parts) {
                    long length = part.maxLength();
                    sum = sum == UNBOUNDED || length == UNBOUNDED ? UNBOUNDED : sum + length;
                }
                yield sum;
            }
            case Either either -> {
                long most = 0;
                for (Regex part : either.parts) {
                    long length = part.maxLength();
                    most = most == UNBOUNDED || length == UNBOUNDED ? UNBOUNDED : Math.max(most, length);
                }
                yield most;
            }
            case Repeated r -> r.max == 0 || r.body.maxLength() == 0 ? 0
                    : r.max == UNBOUNDED || r.body.maxLength() == UNBOUNDED ? UNBOUNDED : r.max * r.body.maxLength();
            case Anchor _ -> 0;
        };
    }

    /**
     * The texts in which this is found somewhere: anchors at the beginning and end of alternatives are resolved, and
     * anything may stand where there is none.
     *
     * @return null where an anchor stands inside
     */
    default Regex found() {
        List<Regex> alternatives = this instanceof Either(List<Regex> parts) ? parts : List.of(this);
        Regex anything = new Repeated(new One(CodePoints.ALL), 0, UNBOUNDED);
        ArrayList<Regex> resolved = new ArrayList<>();
        for (Regex alternative : alternatives) {
            ArrayList<Regex> parts = new ArrayList<>(
                    alternative instanceof Series(List<Regex> several) ? several : List.of(alternative));
            if (parts.size() == 1 && parts.getFirst() instanceof Either) {
                Regex inner = parts.getFirst().found();
                if (inner == null) {
                    return null;
                }
                resolved.add(inner);
                continue;
            }
            boolean isBegun = !parts.isEmpty() && parts.getFirst() instanceof Anchor(boolean isEnd) && !isEnd;
            if (isBegun) {
                parts.removeFirst();
            } else {
                parts.addFirst(anything);
            }
            boolean isEnded = !parts.isEmpty() && parts.getLast() instanceof Anchor(boolean isEnd) && isEnd;
            if (isEnded) {
                parts.removeLast();
            } else {
                parts.addLast(anything);
            }
            if (parts.stream().anyMatch(Regex::hasAnchor)) {
                return null;
            }
            resolved.add(new Series(parts));
        }
        return resolved.size() == 1 ? resolved.getFirst() : new Either(resolved);
    }

    /** The texts that this is the whole of; null where an anchor stands inside. */
    default Regex whole() {
        List<Regex> alternatives = this instanceof Either(List<Regex> parts) ? parts : List.of(this);
        ArrayList<Regex> resolved = new ArrayList<>();
        for (Regex alternative : alternatives) {
            ArrayList<Regex> parts = new ArrayList<>(
                    alternative instanceof Series(List<Regex> several) ? several : List.of(alternative));
            while (!parts.isEmpty() && parts.getFirst() instanceof Anchor(boolean isEnd) && !isEnd) {
                parts.removeFirst();
            }
            while (!parts.isEmpty() && parts.getLast() instanceof Anchor(boolean isEnd) && isEnd) {
                parts.removeLast();
            }
            if (parts.stream().anyMatch(Regex::hasAnchor)) {
                return null;
            }
            resolved.add(new Series(parts));
        }
        return resolved.size() == 1 ? resolved.getFirst() : new Either(resolved);
    }

    private boolean hasAnchor() {
        return switch (this) {
            case One _ -> false;
            case Series series -> series.parts.stream().anyMatch(Regex::hasAnchor);
            case Either either -> either.parts.stream().anyMatch(Regex::hasAnchor);
            case Repeated r -> r.body.hasAnchor();
            case Anchor _ -> true;
        };
    }
}
