package io.penstock.serving.grammar;

import io.penstock.runtime.TokenGrammar;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/**
 * A {@link Program} made deterministic as far as it is walked. A state is the set of (node, stack) pairs that the bytes
 * so far may have led to; transitions are computed once and kept. Deterministic itself: a state depends on the bytes
 * alone. One thread at a time.
 *
 * <p>Bounded: of a set with more than {@link #MAX_PAIRS} pairs only the first ones, by the order of the alternatives,
 * are followed. What is permitted then is less than the form says, and still a part of it, since no pair that is kept
 * ends nowhere. When {@link #MAX_STATES} states are known all that can be computed again is forgotten.
 */
final class Automaton {
    /** Pairs of one state. */
    static final int MAX_PAIRS = 4096;

    /** States that are known at a time. */
    static final int MAX_STATES = 1 << 14;

    private static final int MAX_VISITED = 16 * MAX_PAIRS;

    private final Program program;
    private final int longestToken;
    private final Map<Key, State> states = new HashMap<>();
    private final Map<Frame, Frame> frames = new HashMap<>();
    private final Closure closure = new Closure();
    private final State start;
    private final State dead;
    private int numFrames;
    private int numFlushes;

    /** Where a call or a counted loop goes on; the stack is a list of them. Interned: equal ones are the same. */
    private static final class Frame {
        final int node;
        final int count;
        final Frame parent;
        final int depth;
        int index;

        Frame(int node, int count, Frame parent) {
            this.node = node;
            this.count = count;
            this.parent = parent;
            depth = parent == null ? 1 : parent.depth + 1;
        }

        @Override
        public boolean equals(Object other) {
            return other instanceof Frame f && f.node == node && f.count == count && f.parent == parent;
        }

        @Override
        public int hashCode() {
            return (node * 31 + count) * 31 + (parent == null ? 0 : parent.index * 0x9E3779B9);
        }
    }

    /** What the bytes so far permit. Its fields are the automaton's, and the mask its grammar's. */
    static final class State {
        private final int[] nodes;
        private final Frame[] stacks;
        final boolean accepts;
        private final State[] next;
        private State representative;

        /** What its grammar keeps with it. */
        TokenSet tokens;
        TokenGrammar.State place;

        State(int[] nodes, Frame[] stacks, boolean accepts, int numClasses) {
            this.nodes = nodes;
            this.stacks = stacks;
            this.accepts = accepts;
            next = new State[numClasses];
        }
    }

    private record Key(int[] nodes, Frame[] stacks, boolean accepts) {
        @Override
        public boolean equals(Object other) {
            return other instanceof Key key && accepts == key.accepts && Arrays.equals(nodes, key.nodes)
                    && Arrays.equals(stacks, key.stacks, (a, b) -> a == b ? 0 : 1);
        }

        @Override
        public int hashCode() {
            int hash = Arrays.hashCode(nodes);
            for (Frame stack : stacks) {
                hash = hash * 31 + (stack == null ? 0 : stack.index);
            }
            return hash;
        }
    }

    /** @param longestToken bytes of the longest token: no mask looks further ahead */
    Automaton(Program program, int longestToken) {
        this.program = program;
        this.longestToken = longestToken;
        dead = new State(new int[0], new Frame[0], false, program.numClasses());
        closure.begin();
        closure.add(program.start(), null);
        start = closure.state();
    }

    State start() {
        return start;
    }

    /** The state that permits nothing. */
    State dead() {
        return dead;
    }

    /** How often what was known had to be forgotten. */
    int numFlushes() {
        return numFlushes;
    }

    int numStates() {
        return states.size();
    }

    /** The state behind one more byte, or {@link #dead}. */
    State after(State state, int value) {
        int byteClass = program.classOf(value);
        State next = state.next[byteClass];
        return next == null ? compute(state, byteClass) : next;
    }

    private State compute(State state, int byteClass) {
        int value = program.byteOf(byteClass);
        closure.begin();
        for (int i = 0; i < state.nodes.length; i++) {
            if (program.takes(state.nodes[i], value)) {
                closure.add(program.second(state.nodes[i]), state.stacks[i]);
            }
        }
        State next = closure.state();
        state.next[byteClass] = next;
        return next;
    }

    /** The state behind a control token, or {@link #dead}. */
    State afterControl(State state, int tokenId) {
        closure.begin();
        for (int i = 0; i < state.nodes.length; i++) {
            if (program.kind(state.nodes[i]) == Program.CONTROL && program.first(state.nodes[i]) == tokenId) {
                closure.add(program.second(state.nodes[i]), state.stacks[i]);
            }
        }
        return closure.state();
    }

    /** The control tokens that a state permits. */
    List<Integer> controls(State state) {
        List<Integer> tokenIds = new ArrayList<>();
        for (int node : state.nodes) {
            if (program.kind(node) == Program.CONTROL) {
                tokenIds.add(program.first(node));
            }
        }
        return tokenIds;
    }

    /**
     * The state in whose place another one gives the same mask: counts that no token can bring to a bound are put to
     * one and the same value, so that the thousand places of a long string share a mask.
     */
    State representative(State state) {
        if (state.representative == null) {
            closure.begin();
            for (int i = 0; i < state.nodes.length; i++) {
                closure.keep(state.nodes[i], representative(state.stacks[i]));
            }
            closure.accepts = state.accepts;
            State other = closure.state();
            other.representative = other;
            state.representative = other;
        }
        return state.representative;
    }

    private Frame representative(Frame frame) {
        if (frame == null) {
            return null;
        }
        int count = frame.count;
        if (program.kind(frame.node) == Program.LOOP) {
            int min = program.min(frame.node);
            if (count < min - longestToken) {
                count = 0;
            } else if (count >= min && program.max(frame.node) - count > longestToken) {
                count = min;
            }
        }
        return push(frame.node, count, representative(frame.parent));
    }

    private Frame push(int node, int count, Frame parent) {
        Frame made = new Frame(node, count, parent);
        Frame known = frames.putIfAbsent(made, made);
        if (known == null) {
            made.index = ++numFrames;
            return made;
        }
        return known;
    }

    private State intern(int[] nodes, Frame[] stacks, boolean accepts) {
        if (nodes.length == 0 && !accepts) {
            return dead;
        }
        var key = new Key(nodes, stacks, accepts);
        State known = states.get(key);
        if (known != null) {
            return known;
        }
        if (states.size() >= MAX_STATES) {
            flush();
        }
        State made = new State(nodes, stacks, accepts, program.numClasses());
        states.put(key, made);
        return made;
    }

    /** Forgets all states but the start; whoever holds one can go on from it. */
    void flush() {
        for (State state : states.values()) {
            Arrays.fill(state.next, null);
            state.representative = null;
            state.tokens = null;
        }
        states.clear();
        frames.clear();
        states.put(new Key(start.nodes, start.stacks, start.accepts), start);
        numFlushes++;
    }

    /** All pairs that are reached without a byte, in the order of the alternatives. */
    private final class Closure {
        private int[] nodes = new int[64];
        private Frame[] stacks = new Frame[64];
        private int numPairs;
        private int[] pendingNodes = new int[64];
        private Frame[] pendingStacks = new Frame[64];
        private int numPending;
        private final PairSet visited = new PairSet();
        private boolean accepts;

        void begin() {
            numPairs = 0;
            visited.clear();
            accepts = false;
        }

        void add(int node, Frame stack) {
            later(node, stack);
            while (numPending > 0 && numPairs < MAX_PAIRS && visited.size() < MAX_VISITED) {
                numPending--;
                visit(pendingNodes[numPending], pendingStacks[numPending]);
            }
            numPending = 0;
        }

        private void later(int node, Frame stack) {
            int depth = stack == null ? 0 : stack.depth;
            if (depth + program.need(node) > Program.MAX_DEPTH || !visited.add(node, stack)) {
                return;
            }
            if (numPending == pendingNodes.length) {
                pendingNodes = Arrays.copyOf(pendingNodes, 2 * numPending);
                pendingStacks = Arrays.copyOf(pendingStacks, 2 * numPending);
            }
            pendingNodes[numPending] = node;
            pendingStacks[numPending++] = stack;
        }

        private void visit(int node, Frame stack) {
            switch (program.kind(node)) {
                case Program.BYTES, Program.CONTROL -> keep(node, stack);
                case Program.SPLIT -> {
                    later(program.second(node), stack);
                    later(program.first(node), stack);
                }
                case Program.CALL -> later(program.first(node), push(program.second(node), 0, stack));
                case Program.ENTER -> {
                    int loop = program.first(node);
                    later(program.first(loop), push(loop, 0, stack));
                }
                case Program.RETURN -> leave(stack);
                default -> accepts = true;
            }
        }

        private void leave(Frame frame) {
            int node = frame.node;
            if (program.kind(node) != Program.LOOP) {
                later(node, frame.parent);
                return;
            }
            int min = program.min(node);
            int max = program.max(node);
            int count = max == Integer.MAX_VALUE ? Math.min(frame.count + 1, min) : frame.count + 1;
            if (count >= min) {
                later(program.second(node), frame.parent);
            }
            if (max == Integer.MAX_VALUE || count < max) {
                later(program.first(node), push(node, count, frame.parent));
            }
        }

        void keep(int node, Frame stack) {
            if (numPairs == nodes.length) {
                nodes = Arrays.copyOf(nodes, 2 * numPairs);
                stacks = Arrays.copyOf(stacks, 2 * numPairs);
            }
            nodes[numPairs] = node;
            stacks[numPairs++] = stack;
        }

        State state() {
            return intern(Arrays.copyOf(nodes, numPairs), Arrays.copyOf(stacks, numPairs), accepts);
        }
    }

    /** Pairs that were met already: an open-addressing table that is cleared by its members. */
    private static final class PairSet {
        private int[] nodes = new int[256];
        private Frame[] stacks = new Frame[256];
        private int[] used = new int[128];
        private int size;

        int size() {
            return size;
        }

        void clear() {
            for (int i = 0; i < size; i++) {
                nodes[used[i]] = 0;
                stacks[used[i]] = null;
            }
            size = 0;
        }

        /** False if it was there. Nodes are kept one higher: 0 is an empty place. */
        boolean add(int node, Frame stack) {
            int slot = slot(node + 1, stack);
            if (nodes[slot] != 0) {
                return false;
            }
            if (size == used.length) {
                grow();
                slot = slot(node + 1, stack);
            }
            nodes[slot] = node + 1;
            stacks[slot] = stack;
            used[size++] = slot;
            return true;
        }

        private int slot(int key, Frame stack) {
            int hash = (key * 0x9E3779B9 ^ (stack == null ? 0 : stack.index * 0x85EBCA6B)) * 0xC2B2AE35;
            int slot = hash >>> 7 & nodes.length - 1;
            while (nodes[slot] != 0 && (nodes[slot] != key || stacks[slot] != stack)) {
                slot = slot + 1 & nodes.length - 1;
            }
            return slot;
        }

        private void grow() {
            int[] oldNodes = nodes;
            Frame[] oldStacks = stacks;
            nodes = new int[2 * oldNodes.length];
            stacks = new Frame[nodes.length];
            int[] oldUsed = used;
            used = new int[2 * oldUsed.length];
            for (int i = 0; i < size; i++) {
                int slot = slot(oldNodes[oldUsed[i]], oldStacks[oldUsed[i]]);
                nodes[slot] = oldNodes[oldUsed[i]];
                stacks[slot] = oldStacks[oldUsed[i]];
                used[i] = slot;
            }
        }
    }
}
