package io.penstock.serving.grammar;

import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.function.IntPredicate;

/** A set of Unicode scalar values (code points but surrogates), as sorted ranges: from, to, both inclusive. */
record CodePoints(List<Range> ranges) {
    private static final int FIRST_SURROGATE = 0xD800;
    private static final int LAST_SURROGATE = 0xDFFF;

    /** Code points from one to another, both inclusive. */
    record Range(int from, int to) {}

    static final CodePoints NONE = new CodePoints(List.of());
    static final CodePoints ALL = range(0, Character.MAX_CODE_POINT);

    static CodePoints of(int... values) {
        List<Range> ranges = new ArrayList<>();
        for (int value : values) {
            ranges.add(new Range(value, value));
        }
        return union(ranges);
    }

    static CodePoints range(int from, int to) {
        List<Range> ranges = new ArrayList<>();
        if (from < FIRST_SURROGATE) {
            ranges.add(new Range(from, Math.min(to, FIRST_SURROGATE - 1)));
        }
        if (to > LAST_SURROGATE) {
            ranges.add(new Range(Math.max(from, LAST_SURROGATE + 1), to));
        }
        return new CodePoints(ranges);
    }

    /** The code points that a property holds for. */
    static CodePoints where(IntPredicate property) {
        List<Range> found = new ArrayList<>();
        int from = -1;
        for (int c = 0; c <= Character.MAX_CODE_POINT + 1; c++) {
            boolean isIn = c <= Character.MAX_CODE_POINT && (c < FIRST_SURROGATE || c > LAST_SURROGATE)
                    && property.test(c);
            if (isIn && from < 0) {
                from = c;
            } else if (!isIn && from >= 0) {
                found.add(new Range(from, c - 1));
                from = -1;
            }
        }
        return new CodePoints(found);
    }

    boolean isEmpty() {
        return ranges.isEmpty();
    }

    CodePoints or(CodePoints other) {
        List<Range> all = new ArrayList<>(ranges);
        all.addAll(other.ranges);
        return union(all);
    }

    /** All that is in any of the ranges, whose order does not matter. */
    static CodePoints union(List<Range> ranges) {
        List<Range> all = new ArrayList<>(ranges);
        all.sort((a, b) -> Integer.compare(a.from, b.from));
        List<Range> merged = new ArrayList<>();
        for (Range range : all) {
            Range last = merged.isEmpty() ? null : merged.getLast();
            if (last != null && range.from <= last.to + 1) {
                merged.set(merged.size() - 1, new Range(last.from, Math.max(last.to, range.to)));
            } else {
                merged.add(range);
            }
        }
        return new CodePoints(merged);
    }

    CodePoints not() {
        List<Range> rest = new ArrayList<>();
        int from = 0;
        for (Range range : ranges) {
            if (range.from > from) {
                rest.addAll(range(from, range.from - 1).ranges);
            }
            from = range.to + 1;
        }
        if (from <= Character.MAX_CODE_POINT) {
            rest.addAll(range(from, Character.MAX_CODE_POINT).ranges);
        }
        return new CodePoints(rest);
    }

    CodePoints minus(CodePoints other) {
        return not().or(other).not();
    }

    CodePoints and(CodePoints other) {
        return not().or(other.not()).not();
    }

    boolean contains(int codePoint) {
        for (Range range : ranges) {
            if (codePoint <= range.to) {
                return codePoint >= range.from;
            }
        }
        return false;
    }

    /** One code point of the set in UTF-8. */
    Expression utf8() {
        List<int[]> runs = new ArrayList<>();
        for (Range range : ranges) {
            int from = range.from;
            for (int limit : new int[] {0x7F, 0x7FF, 0xFFFF, Character.MAX_CODE_POINT}) {
                if (from <= Math.min(limit, range.to)) {
                    int to = Math.min(limit, range.to);
                    split(encoded(from), encoded(to), runs);
                    from = to + 1;
                }
            }
        }
        return tree(runs, 0);
    }

    /** Cuts a range of texts of one length into runs whose bytes vary independently: from, to, from, to, ... */
    private static void split(int[] from, int[] to, List<int[]> runs) {
        int length = from.length;
        for (int i = 0; i < length - 1; i++) {
            if (from[i] == to[i]) {
                continue;
            }
            int[] least = from.clone();
            int[] most = to.clone();
            Arrays.fill(least, i + 1, length, 0x80);
            Arrays.fill(most, i + 1, length, 0xBF);
            if (!Arrays.equals(from, least)) {
                int[] end = from.clone();
                Arrays.fill(end, i + 1, length, 0xBF);
                split(from, end, runs);
                least[i]++;
            }
            boolean isCut = !Arrays.equals(to, most);
            int last = isCut ? to[i] - 1 : to[i];
            if (least[i] <= last) {
                int[] run = new int[2 * length];
                for (int j = 0; j < length; j++) {
                    run[2 * j] = j < i ? from[j] : j == i ? least[i] : 0x80;
                    run[2 * j + 1] = j < i ? from[j] : j == i ? last : 0xBF;
                }
                runs.add(run);
            }
            if (isCut) {
                int[] begin = to.clone();
                Arrays.fill(begin, i + 1, length, 0x80);
                split(begin, to, runs);
            }
            return;
        }
        int[] run = new int[2 * length];
        for (int j = 0; j < length; j++) {
            run[2 * j] = from[j];
            run[2 * j + 1] = to[j];
        }
        runs.add(run);
    }

    private static int[] encoded(int c) {
        if (c < 0x80) {
            return new int[] {c};
        }
        if (c < 0x800) {
            return new int[] {0xC0 | c >> 6, 0x80 | c & 0x3F};
        }
        if (c < 0x10000) {
            return new int[] {0xE0 | c >> 12, 0x80 | c >> 6 & 0x3F, 0x80 | c & 0x3F};
        }
        return new int[] {0xF0 | c >> 18, 0x80 | c >> 12 & 0x3F, 0x80 | c >> 6 & 0x3F, 0x80 | c & 0x3F};
    }

    /** Runs that begin alike share what they begin with. */
    private static Expression tree(List<int[]> runs, int at) {
        List<Expression> parts = new ArrayList<>();
        for (int i = 0; i < runs.size();) {
            int[] run = runs.get(i);
            List<int[]> alike = new ArrayList<>();
            while (i < runs.size() && runs.get(i).length == run.length && runs.get(i)[at] == run[at]
                    && runs.get(i)[at + 1] == run[at + 1]) {
                alike.add(runs.get(i++));
            }
            Expression first = Expression.range(run[at], run[at + 1]);
            parts.add(at + 2 == run.length ? first : Expression.sequence(first, tree(alike, at + 2)));
        }
        return Expression.choice(parts);
    }
}
