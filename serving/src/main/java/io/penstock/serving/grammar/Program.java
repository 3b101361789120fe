package io.penstock.serving.grammar;

import io.penstock.runtime.InputException;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.IdentityHashMap;
import java.util.List;
import java.util.Map;

/**
 * An {@link Expression} as nodes with two numbers each: what a machine with a stack follows. Loops with bounds count in
 * a frame of the stack, so {@code {1,100000}} takes no more nodes than {@code {1,3}}.
 */
final class Program {
    /** Nodes of one form at most. */
    static final int MAX_NODES = 1 << 19;

    /** Frames on the stack at most: calls and counted loops within each other. */
    static final int MAX_DEPTH = 96;

    /** One byte of set {@code first}, then node {@code second}. */
    static final byte BYTES = 0;
    /** Token {@code first}, then node {@code second}. */
    static final byte CONTROL = 1;
    /** Either node. */
    static final byte SPLIT = 2;
    /** Node {@code first} in a new frame, then node {@code second}. */
    static final byte CALL = 3;
    /** Back to where the frame was made. */
    static final byte RETURN = 4;
    /** The loop {@code first} in a new frame. */
    static final byte ENTER = 5;
    /** A turn is done: again from {@code first}, or on at {@code second}, as the bounds say. */
    static final byte LOOP = 6;
    static final byte ACCEPT = 7;

    /** {@link #need} of a node from which no way leads to the end. */
    static final int HOPELESS = 1 << 20;

    /** Loops over single bytes up to this long are written out: each count is then a place of its own. */
    private static final int MAX_WRITTEN_OUT = 40;

    private final Map<ByteSet, Integer> setIndices = new HashMap<>();
    private final List<ByteSet> sets = new ArrayList<>();
    private final Map<Expression, Map<Integer, Integer>> built = new IdentityHashMap<>();
    private final Map<Expression.Rule, Integer> ruleIndices = new IdentityHashMap<>();
    private final List<Expression.Rule> rules = new ArrayList<>();
    private byte[] kinds = new byte[64];
    private int[] firsts = new int[64];
    private int[] seconds = new int[64];
    private int[] minima = new int[64];
    private int[] maxima = new int[64];
    private int numNodes;
    private final int start;
    private final int[] need;
    private final int[] classOf = new int[256];
    private final int[] classBytes;

    /** @throws InputException if it permits nothing, or takes more than a limit */
    Program(Expression expression) {
        int accept = add(ACCEPT, 0, 0);
        int back = add(RETURN, 0, 0);
        start = build(expression, accept);
        int[] entries = new int[16];
        for (int i = 0; i < rules.size(); i++) {
            entries = i == entries.length ? Arrays.copyOf(entries, 2 * i) : entries;
            entries[i] = build(rules.get(i).body, back);
        }
        for (int node = 0; node < numNodes; node++) {
            if (kinds[node] == CALL) {
                firsts[node] = entries[firsts[node]];
            }
        }
        need = needs();
        if (need[start] == HOPELESS) {
            throw new InputException("permits no output at all: its demands contradict each other or never end");
        }
        if (need[start] > MAX_DEPTH) {
            throw new InputException("is nested more than " + MAX_DEPTH + " levels deep: flatten it");
        }
        classBytes = classify();
        built.clear();
    }

    private int add(byte kind, int first, int second) {
        if (numNodes == MAX_NODES) {
            throw new InputException("takes more than " + MAX_NODES
                    + " nodes: demand less, with fewer or shorter alternatives");
        }
        if (numNodes == kinds.length) {
            int size = 2 * numNodes;
            kinds = Arrays.copyOf(kinds, size);
            firsts = Arrays.copyOf(firsts, size);
            seconds = Arrays.copyOf(seconds, size);
            minima = Arrays.copyOf(minima, size);
            maxima = Arrays.copyOf(maxima, size);
        }
        kinds[numNodes] = kind;
        firsts[numNodes] = first;
        seconds[numNodes] = second;
        return numNodes++;
    }

    /** The node from which an expression is followed by {@code next}; once for the same two. */
    private int build(Expression expression, int next) {
        if (expression instanceof Expression.Bytes(ByteSet set)) {
            int index = setIndices.computeIfAbsent(set, key -> {
                sets.add(key);
                return sets.size() - 1;
            });
            return add(BYTES, index, next);
        }
        Map<Integer, Integer> known = built.computeIfAbsent(expression, key -> new HashMap<>(2));
        Integer entry = known.get(next);
        if (entry == null) {
            entry = buildNew(expression, next);
            known.put(next, entry);
        }
        return entry;
    }

    private int buildNew(Expression expression, int next) {
        switch (expression) {
            case Expression.Bytes _ -> throw new IllegalStateException("built already");
            case Expression.Control c -> {
                return add(CONTROL, c.tokenId(), next);
            }
            case Expression.Sequence s -> {
                int entry = next;
                for (int i = s.parts().size() - 1; i >= 0; i--) {
                    entry = build(s.parts().get(i), entry);
                }
                return entry;
            }
            case Expression.Choice c -> {
                if (c.parts().isEmpty()) {
                    int never = add(SPLIT, 0, 0);
                    firsts[never] = never;
                    seconds[never] = never;
                    return never;
                }
                int entry = build(c.parts().getLast(), next);
                for (int i = c.parts().size() - 2; i >= 0; i--) {
                    entry = add(SPLIT, build(c.parts().get(i), next), entry);
                }
                return entry;
            }
            case Expression.Call c -> {
                int rule = ruleIndices.computeIfAbsent(c.rule(), key -> {
                    rules.add(key);
                    return rules.size() - 1;
                });
                return add(CALL, rule, next);
            }
            case Expression.Repeat r -> {
                return repeat(r, next);
            }
        }
    }

    private int repeat(Expression.Repeat repeat, int next) {
        int min = repeat.min();
        int max = repeat.max();
        if (max == Expression.UNBOUNDED && min <= 1) {
            int again = add(SPLIT, 0, next);
            int turn = build(repeat.body(), again);
            firsts[again] = turn;
            return min == 0 ? again : turn;
        }
        boolean isWrittenOut = max != Expression.UNBOUNDED
                && max <= (repeat.body() instanceof Expression.Bytes ? MAX_WRITTEN_OUT : 1);
        if (isWrittenOut) {
            int entry = next;
            for (int i = max; i > 0; i--) {
                int turn = build(repeat.body(), entry);
                entry = i > min ? add(SPLIT, turn, next) : turn;
            }
            return entry;
        }
        int loop = add(LOOP, 0, next);
        minima[loop] = min;
        maxima[loop] = max == Expression.UNBOUNDED ? Integer.MAX_VALUE : max;
        int turn = build(repeat.body(), 1);
        firsts[loop] = turn;
        int enter = add(ENTER, loop, next);
        return min == 0 ? add(SPLIT, enter, next) : enter;
    }

    /**
     * How many more frames the way with the fewest needs from each node to the end of its frame. Who only goes where
     * the need fits under {@link #MAX_DEPTH} never comes to a dead end.
     */
    private int[] needs() {
        int[] needs = new int[numNodes];
        Arrays.fill(needs, HOPELESS);
        boolean isChanged = true;
        while (isChanged) {
            isChanged = false;
            for (int node = 0; node < numNodes; node++) {
                int need = switch (kinds[node]) {
                    case BYTES, CONTROL, LOOP -> needs[seconds[node]];
                    case SPLIT -> Math.min(needs[firsts[node]], needs[seconds[node]]);
                    case CALL -> Math.max(deeper(needs[firsts[node]]), needs[seconds[node]]);
                    case ENTER -> Math.max(deeper(needs[firsts[firsts[node]]]), needs[seconds[node]]);
                    default -> 0;
                };
                isChanged |= need < needs[node];
                needs[node] = Math.min(needs[node], need);
            }
        }
        return needs;
    }

    private static int deeper(int need) {
        return need == HOPELESS ? HOPELESS : need + 1;
    }

    /** Bytes that no set tells apart are one class; returns a byte of each. */
    private int[] classify() {
        int numClasses = 1;
        for (ByteSet set : sets) {
            int[] inside = new int[numClasses];
            int[] size = new int[numClasses];
            for (int value = 0; value < 256; value++) {
                size[classOf[value]]++;
                inside[classOf[value]] += set.contains(value) ? 1 : 0;
            }
            int[] renamed = new int[numClasses];
            for (int value = 0; value < 256; value++) {
                int old = classOf[value];
                if (set.contains(value) && inside[old] < size[old]) {
                    renamed[old] = renamed[old] == 0 ? numClasses++ : renamed[old];
                    classOf[value] = renamed[old];
                }
            }
        }
        int[] bytes = new int[numClasses];
        for (int value = 0; value < 256; value++) {
            bytes[classOf[value]] = value;
        }
        return bytes;
    }

    int start() {
        return start;
    }

    byte kind(int node) {
        return kinds[node];
    }

    int first(int node) {
        return firsts[node];
    }

    int second(int node) {
        return seconds[node];
    }

    int min(int loop) {
        return minima[loop];
    }

    int max(int loop) {
        return maxima[loop];
    }

    int need(int node) {
        return need[node];
    }

    boolean takes(int node, int value) {
        return kinds[node] == BYTES && sets.get(firsts[node]).contains(value);
    }

    int numClasses() {
        return classBytes.length;
    }

    int classOf(int value) {
        return classOf[value];
    }

    /** A byte of a class. */
    int byteOf(int byteClass) {
        return classBytes[byteClass];
    }
}
