package io.penstock.runtime.text;

import java.util.Arrays;

/**
 * Finds added tokens in a text: leftmost first, the longest of those that begin at one place. A trie over chars, with
 * the rules of {@code single_word}, {@code lstrip} and {@code rstrip}.
 */
final class AddedTokens {
    /** One entry of {@code added_tokens}. */
    record AddedToken(int id, String content, boolean special, boolean normalized, Flags flags) {
    }

    /** How a token relates to the text around it: whole words only; takes the white space before or behind with it. */
    record Flags(boolean singleWord, boolean lstrip, boolean rstrip) {
    }

    private final LongLongMap edges = new LongLongMap(64);
    private AddedToken[] tokenAtNode = new AddedToken[64];
    private final boolean[] startsAscii = new boolean[128];
    private boolean startsBeyondAscii;
    private int numNodes = 1;

    AddedTokens(Iterable<AddedToken> tokens) {
        tokens.forEach(this::insert);
    }

    private void insert(AddedToken token) {
        String content = token.content();
        char first = content.charAt(0);
        if (first < 128) {
            startsAscii[first] = true;
        } else {
            startsBeyondAscii = true;
        }
        int node = 0;
        for (int i = 0; i < content.length(); i++) {
            long edge = edge(node, content.charAt(i));
            long child = edges.get(edge);
            if (child == LongLongMap.ABSENT) {
                child = numNodes++;
                edges.put(edge, child);
            }
            node = (int) child;
        }
        if (node >= tokenAtNode.length) {
            tokenAtNode = Arrays.copyOf(tokenAtNode, node * 2);
        }
        tokenAtNode[node] = token;
    }

    private static long edge(int node, char c) {
        return (long) node << 16 | c;
    }

    boolean isEmpty() {
        return numNodes == 1;
    }

    /** Where a match lies; {@code start} and {@code end} include white space that the token takes with it. */
    static final class Match {
        AddedToken token;
        int start;
        int end;
    }

    /**
     * Finds the first token that begins in {@code [from, end)} of a piece {@code [pieceStart, end)} and that the
     * filter lets pass.
     */
    boolean find(String text, int pieceStart, int from, int end, AddedTokenFilter filter, Match match) {
        for (int at = from; at < end; at++) {
            char first = text.charAt(at);
            if (!(first < 128 ? startsAscii[first] : startsBeyondAscii)) {
                continue;
            }
            AddedToken token = longestAt(text, at, end, filter);
            if (token == null) {
                continue;
            }
            int tokenEnd = at + token.content().length();
            Flags flags = token.flags();
            if (flags.singleWord() && !standsAlone(text, pieceStart, at, tokenEnd, end)) {
                at = tokenEnd - 1;
                continue;
            }
            match.token = token;
            match.start = flags.lstrip() ? skipSpaceBack(text, at, from) : at;
            match.end = flags.rstrip() ? skipSpace(text, tokenEnd, end) : tokenEnd;
            return true;
        }
        return false;
    }

    private AddedToken longestAt(String text, int at, int end, AddedTokenFilter filter) {
        AddedToken longest = null;
        long node = 0;
        for (int i = at; i < end; i++) {
            node = edges.get(edge((int) node, text.charAt(i)));
            if (node == LongLongMap.ABSENT) {
                break;
            }
            AddedToken token = node < tokenAtNode.length ? tokenAtNode[(int) node] : null;
            if (token != null && filter.matches(token.id(), at, i + 1)) {
                longest = token;
            }
        }
        return longest;
    }

    private static boolean standsAlone(String text, int pieceStart, int start, int end, int pieceEnd) {
        return (start == pieceStart || !isWord(text.codePointBefore(start)))
            && (end == pieceEnd || !isWord(text.codePointAt(end)));
    }

    private static int skipSpaceBack(String text, int at, int limit) {
        int start = at;
        while (start > limit && isSpace(text.charAt(start - 1))) {
            start--;
        }
        return start;
    }

    private static int skipSpace(String text, int at, int limit) {
        int end = at;
        while (end < limit && isSpace(text.charAt(end))) {
            end++;
        }
        return end;
    }

    /** Unicode's {@code \w}: alphabetic, mark, decimal number, connector punctuation, join control. */
    private static boolean isWord(int codePoint) {
        return switch (Character.getType(codePoint)) {
            case Character.NON_SPACING_MARK, Character.ENCLOSING_MARK, Character.COMBINING_SPACING_MARK,
                Character.DECIMAL_DIGIT_NUMBER, Character.CONNECTOR_PUNCTUATION -> true;
            case Character.FORMAT -> codePoint == 0x200C || codePoint == 0x200D;
            default -> Character.isAlphabetic(codePoint);
        };
    }

    /** Unicode's White_Space, which has no character beyond the basic plane. */
    private static boolean isSpace(char c) {
        return c >= 0x09 && c <= 0x0D || c == 0x20 || c == 0x85 || c == 0xA0 || c == 0x1680
            || c >= 0x2000 && c <= 0x200A || c == 0x2028 || c == 0x2029 || c == 0x202F || c == 0x205F || c == 0x3000;
    }
}
