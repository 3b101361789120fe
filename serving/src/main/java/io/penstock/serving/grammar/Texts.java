package io.penstock.serving.grammar;

import io.penstock.runtime.InputException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collection;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;

/** Sets of texts that are listed: as a tree of what they share at their beginnings. */
final class Texts {
    private Texts() {}

    /** Any one of them. */
    static Expression oneOf(Collection<String> texts) {
        List<byte[]> sorted = new ArrayList<>();
        for (String text : texts) {
            sorted.add(text.getBytes(StandardCharsets.UTF_8));
        }
        sorted.sort(Arrays::compareUnsigned);
        return sorted.isEmpty() ? Expression.NEVER : tree(sorted, 0, sorted.size(), 0);
    }

    /** Texts {@code from} to {@code to}, which share their first {@code at} bytes. */
    private static Expression tree(List<byte[]> texts, int from, int to, int at) {
        byte[] first = texts.get(from);
        byte[] last = texts.get(to - 1);
        int mismatch = Arrays.mismatch(first, last);
        int shared = mismatch < 0 ? first.length : mismatch;
        List<Expression> parts = new ArrayList<>();
        for (int i = at; i < shared; i++) {
            parts.add(Expression.of(first[i] & 0xFF));
        }
        if (mismatch >= 0) {
            List<Expression> ways = new ArrayList<>();
            int next = from;
            while (next < to && texts.get(next).length == shared) {
                next++;
            }
            if (next > from) {
                ways.add(Expression.EMPTY);
            }
            while (next < to) {
                int end = next;
                while (end < to && texts.get(end)[shared] == texts.get(next)[shared]) {
                    end++;
                }
                ways.add(tree(texts, next, end, shared));
                next = end;
            }
            parts.add(Expression.choice(ways));
        }
        return Expression.sequence(parts.toArray(Expression[]::new));
    }

    /** The content of a string that is none of them; with the escapes that are needed and no others. */
    static Expression noneOf(Collection<String> texts) {
        Tree root = new Tree();
        for (String text : texts) {
            Tree tree = root;
            for (int c : text.codePoints().toArray()) {
                tree = tree.children.computeIfAbsent(c, key -> new Tree());
            }
            tree.isText = true;
        }
        Expression anything = Expression.star(JsonText.encoded(CodePoints.ALL));
        return root.others(anything);
    }

    private static final class Tree {
        final Map<Integer, Tree> children = new TreeMap<>();
        boolean isText;

        /** What may follow here so that the whole is none of the texts. */
        Expression others(Expression anything) {
            List<Expression> ways = new ArrayList<>();
            CodePoints known = CodePoints.NONE;
            for (Map.Entry<Integer, Tree> child : children.entrySet()) {
                CodePoints one = CodePoints.of(child.getKey());
                known = known.or(one);
                ways.add(Expression.sequence(JsonText.encoded(one), child.getValue().others(anything)));
            }
            ways.add(Expression.sequence(JsonText.encoded(known.not()), anything));
            Expression more = Expression.choice(ways);
            return isText ? more : Expression.optional(more);
        }
    }

    /** A regular expression, with the schema's place in its errors. */
    static Regex parsed(String pattern, String path) {
        try {
            return RegexParser.parse(pattern);
        } catch (InputException e) {
            throw new SchemaException(path, "pattern: " + e.getMessage());
        }
    }
}
