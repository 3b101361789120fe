package io.penstock.serving.grammar;

import io.penstock.runtime.InputException;
import io.penstock.runtime.text.Tokenizer;
import java.util.Arrays;

/**
 * The bytes of a vocabulary's text tokens as a trie, in the order in which it is walked: a node, then all below it.
 * Control tokens are no text, and tokens that the tokenizer file adds (think tags among them) count as control tokens.
 */
public final class TokenTrie {
    private static final byte[] NO_TEXT = {};

    private final int vocabSize;
    private final byte[][] texts;
    private final int[] endTokenIds;
    private final Tokenizer tokenizer;
    private final byte[] bytes;
    private final short[] depths;
    private final int[] ends;
    private final int[] firstTokens;
    private final int[] numTokensAt;
    private final int[] tokenIds;
    private int numNodes;
    private int longest;

    /**
     * @param endTokenIds the tokens that end an output
     * @throws InputException if there is no end token, or text that no token can write
     */
    public TokenTrie(Tokenizer tokenizer, int[] endTokenIds) {
        if (endTokenIds.length == 0) {
            throw new InputException("the form of an output cannot be demanded of a model without an end token");
        }
        this.tokenizer = tokenizer;
        this.endTokenIds = endTokenIds.clone();
        vocabSize = tokenizer.vocabSize();
        texts = new byte[vocabSize][];
        int[] sorted = new int[vocabSize];
        int numTokens = 0;
        int numBytes = 0;
        for (int id = 0; id < vocabSize; id++) {
            texts[id] = isText(id) ? tokenizer.bytes(id) : NO_TEXT;
            if (texts[id].length > 0) {
                sorted[numTokens++] = id;
                numBytes += texts[id].length;
                longest = Math.max(longest, texts[id].length);
            }
        }
        tokenIds = Arrays.stream(sorted, 0, numTokens).boxed()
                .sorted((a, b) -> Arrays.compareUnsigned(texts[a], texts[b])).mapToInt(Integer::intValue).toArray();
        bytes = new byte[numBytes];
        depths = new short[numBytes];
        ends = new int[numBytes];
        firstTokens = new int[numBytes];
        numTokensAt = new int[numBytes];
        build();
        requireAllText();
    }

    private boolean isText(int id) {
        if (tokenizer.isAdded(id) || tokenizer.isSpecial(id)) {
            return false;
        }
        for (int end : endTokenIds) {
            if (end == id) {
                return false;
            }
        }
        return true;
    }

    private void build() {
        int[] open = new int[longest + 1];
        byte[] previous = NO_TEXT;
        for (int t = 0; t < tokenIds.length; t++) {
            byte[] text = texts[tokenIds[t]];
            int shared = Arrays.mismatch(previous, text);
            shared = shared < 0 ? text.length : shared;
            for (int depth = previous.length; depth > shared; depth--) {
                ends[open[depth]] = numNodes;
            }
            for (int depth = shared + 1; depth <= text.length; depth++) {
                open[depth] = numNodes;
                bytes[numNodes] = text[depth - 1];
                depths[numNodes] = (short) depth;
                numNodes++;
            }
            int last = open[text.length];
            firstTokens[last] = numTokensAt[last] == 0 ? t : firstTokens[last];
            numTokensAt[last]++;
            previous = text;
        }
        for (int depth = previous.length; depth > 0; depth--) {
            ends[open[depth]] = numNodes;
        }
    }

    /** Every byte of UTF-8 text needs a token of its own, so that no text is a dead end. */
    private void requireAllText() {
        boolean[] alone = new boolean[256];
        for (int id : tokenIds) {
            if (texts[id].length == 1) {
                alone[texts[id][0] & 0xFF] = true;
            }
        }
        for (int value = ' '; value < 0xF5; value++) {
            boolean occurs = value < 0x7F || value >= 0x80 && value != 0xC0 && value != 0xC1;
            if (occurs && !alone[value]) {
                throw new InputException("the form of an output cannot be demanded of this model: its tokenizer has no "
                        + "token for byte 0x" + Integer.toHexString(value));
            }
        }
    }

    int vocabSize() {
        return vocabSize;
    }

    int[] endTokenIds() {
        return endTokenIds;
    }

    boolean isEnd(int tokenId) {
        for (int end : endTokenIds) {
            if (end == tokenId) {
                return true;
            }
        }
        return false;
    }

    /** The bytes that a text token writes; none for any other. */
    byte[] text(int tokenId) {
        return tokenId < 0 || tokenId >= vocabSize ? NO_TEXT : texts[tokenId];
    }

    /** The id of a control token, or -1 where the tokenizer has no such token. */
    int control(String token) {
        int id = tokenizer.idOf(token).orElse(-1);
        return id >= 0 && texts[id].length == 0 ? id : -1;
    }

    /** Whether an id has a token at all. */
    boolean isToken(int tokenId) {
        return tokenizer.token(tokenId) != null;
    }

    /** Bytes of the longest text token. */
    int longest() {
        return longest;
    }

    int numNodes() {
        return numNodes;
    }

    int value(int node) {
        return bytes[node] & 0xFF;
    }

    /** Bytes from the root to the node, itself included. */
    int depth(int node) {
        return depths[node];
    }

    /** The first node that is not below this one. */
    int end(int node) {
        return ends[node];
    }

    /** Tokens that end at the node. */
    int numTokensAt(int node) {
        return numTokensAt[node];
    }

    /** One of {@link #numTokensAt}. */
    int tokenAt(int node, int index) {
        return tokenIds[firstTokens[node] + index];
    }
}
