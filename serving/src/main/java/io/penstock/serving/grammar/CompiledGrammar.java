package io.penstock.serving.grammar;

import io.penstock.runtime.TokenGrammar;
import java.util.Arrays;

/**
 * A form of output over a vocabulary. States and masks are computed when a sequence first comes by, a mask in pieces of
 * bounded work, and shared by all that have the form. A lock of its own guards them: the engine's thread holds it, and
 * nobody else takes it but those who compile.
 */
final class CompiledGrammar implements TokenGrammar {
    /** Words of the masks that are kept: 4 MiB. With more, masks and states are forgotten and computed again. */
    static final int MAX_MASK_WORDS = 1 << 20;

    private final TokenTrie trie;
    private final Automaton automaton;
    private final Automaton.State[] path;
    private final int[] mask;
    private final Thinking thinking;
    private final TokenGrammar.State start;
    private int numMaskWords;
    private int numFlushes;

    // The walk under way, whose mask is being filled; no walker: none is.
    private Answer walker;
    private Automaton.State from;
    private int node;
    private int numTokens;

    CompiledGrammar(Expression expression, Reasoning reasoning, TokenTrie trie) {
        this.trie = trie;
        automaton = new Automaton(new Program(expression), trie.longest());
        path = new Automaton.State[trie.longest() + 1];
        mask = new int[(trie.vocabSize() + 31) / 32];
        int thinkStart = trie.control(Reasoning.START);
        int thinkEnd = trie.control(Reasoning.END);
        Answer answer = answerOf(automaton.start());
        boolean canThink = reasoning != Reasoning.NONE && thinkEnd >= 0;
        thinking = canThink ? new Thinking(answer, thinkEnd) : null;
        start = !canThink ? answer : reasoning == Reasoning.BEGUN ? thinking
                : thinkStart >= 0 ? new Beginning(answer, thinkStart) : answer;
        // The first masks are computed here, off the engine's thread.
        start.fillMask(new int[mask.length], 0, mask.length);
    }

    @Override
    public TokenGrammar.State start() {
        return start;
    }

    Automaton automaton() {
        return automaton;
    }

    private synchronized Answer after(Answer answer, int tokenId) {
        byte[] text = trie.text(tokenId);
        Automaton.State state = answer.state;
        if (text.length == 0) {
            state = automaton.afterControl(state, tokenId);
        }
        for (int i = 0; i < text.length && state != automaton.dead(); i++) {
            state = automaton.after(state, text[i] & 0xFF);
        }
        return state == automaton.dead() ? null : answerOf(state);
    }

    private Answer answerOf(Automaton.State state) {
        if (state.place == null) {
            state.place = new Answer(state);
        }
        return (Answer) state.place;
    }

    private synchronized Object maskKey(Answer answer) {
        return automaton.representative(answer.state);
    }

    private synchronized void fill(Answer answer, int[] words, int offset, int numWords) {
        prepare(answer, Integer.MAX_VALUE);
        TokenSet known = automaton.representative(answer.state).tokens;
        (known == null ? answer.tokens : known).fill(words, offset, numWords);
    }

    private boolean isReady(Answer answer) {
        return answer.tokens != null || automaton.representative(answer.state).tokens != null;
    }

    /** Goes on with the walk under way, whosever it is, and then does the one for this state, as far as it may. */
    private synchronized int prepare(Answer answer, int maxWork) {
        int left = maxWork;
        while (!isReady(answer)) {
            if (left == 0) {
                return -1;
            }
            if (walker == null) {
                begin(answer);
            }
            left = walk(left);
        }
        return left;
    }

    private void begin(Answer answer) {
        walker = answer;
        from = automaton.representative(answer.state);
        Arrays.fill(mask, 0);
        path[0] = from;
        numTokens = 0;
        node = 0;
    }

    /** Walks the vocabulary for the walker's mask; what is left of the work that may be done. */
    private int walk(int maxWork) {
        int left = maxWork;
        while (node < trie.numNodes()) {
            if (left-- == 0) {
                return 0;
            }
            int depth = trie.depth(node);
            Automaton.State next = automaton.after(path[depth - 1], trie.value(node));
            if (next == automaton.dead()) {
                node = trie.end(node);
                continue;
            }
            path[depth] = next;
            for (int i = 0; i < trie.numTokensAt(node); i++) {
                numTokens += set(trie.tokenAt(node, i));
            }
            node++;
        }
        for (int tokenId : automaton.controls(from)) {
            numTokens += set(tokenId);
        }
        if (from.accepts) {
            for (int tokenId : trie.endTokenIds()) {
                numTokens += set(tokenId);
            }
        }
        keep();
        return left;
    }

    /** The walk is over: its mask belongs to all states like it, and to the walker even if those are forgotten. */
    private void keep() {
        if (numFlushes != automaton.numFlushes()) {
            numFlushes = automaton.numFlushes();
            numMaskWords = 0;
        }
        TokenSet tokens = TokenSet.of(mask, numTokens);
        numMaskWords += tokens.size();
        if (numMaskWords > MAX_MASK_WORDS) {
            automaton.flush();
        }
        from.tokens = tokens;
        walker.tokens = tokens;
        walker = null;
    }

    private int set(int tokenId) {
        int bit = 1 << tokenId;
        int isNew = (mask[tokenId >>> 5] & bit) == 0 ? 1 : 0;
        mask[tokenId >>> 5] |= bit;
        return isNew;
    }

    /** Inside the form. */
    private final class Answer implements TokenGrammar.State {
        private final Automaton.State state;
        private TokenSet tokens;

        Answer(Automaton.State state) {
            this.state = state;
        }

        @Override
        public TokenGrammar.State after(int tokenId) {
            return CompiledGrammar.this.after(this, tokenId);
        }

        @Override
        public Object maskKey() {
            return CompiledGrammar.this.maskKey(this);
        }

        @Override
        public int prepareMask(int maxWork) {
            return prepare(this, maxWork);
        }

        @Override
        public void fillMask(int[] words, int offset, int numWords) {
            fill(this, words, offset, numWords);
        }
    }

    /** Nothing was written: the answer, or the tag that opens the thinking before it. */
    private final class Beginning implements TokenGrammar.State {
        private final Answer answer;
        private final int thinkStart;

        Beginning(Answer answer, int thinkStart) {
            this.answer = answer;
            this.thinkStart = thinkStart;
        }

        @Override
        public TokenGrammar.State after(int tokenId) {
            return tokenId == thinkStart ? thinking : answer.after(tokenId);
        }

        @Override
        public Object maskKey() {
            return this;
        }

        @Override
        public int prepareMask(int maxWork) {
            return answer.prepareMask(maxWork);
        }

        @Override
        public void fillMask(int[] words, int offset, int numWords) {
            answer.fillMask(words, offset, numWords);
            words[offset + (thinkStart >>> 5)] |= 1 << thinkStart;
        }
    }

    /** Thinking: anything but an end, up to the closing tag. */
    private final class Thinking implements TokenGrammar.State {
        private final Answer answer;
        private final int thinkEnd;
        private final TokenSet tokens;

        Thinking(Answer answer, int thinkEnd) {
            this.answer = answer;
            this.thinkEnd = thinkEnd;
            int[] all = new int[mask.length];
            for (int tokenId = 0; tokenId < trie.vocabSize(); tokenId++) {
                all[tokenId >>> 5] |= trie.isToken(tokenId) && !trie.isEnd(tokenId) ? 1 << tokenId : 0;
            }
            tokens = TokenSet.of(all, all.length * 32);
        }

        @Override
        public TokenGrammar.State after(int tokenId) {
            boolean isPermitted = tokenId >= 0 && tokenId < trie.vocabSize() && trie.isToken(tokenId)
                    && !trie.isEnd(tokenId);
            return tokenId == thinkEnd ? answer : isPermitted ? this : null;
        }

        @Override
        public Object maskKey() {
            return this;
        }

        @Override
        public void fillMask(int[] words, int offset, int numWords) {
            tokens.fill(words, offset, numWords);
        }
    }
}
