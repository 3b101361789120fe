package io.penstock.runtime.text;

import io.penstock.runtime.InputException;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.OptionalInt;

/**
 * Byte-level BPE as a checkpoint's {@code tokenizer.json} defines it. Encoding adds no token of its own: the file's
 * post-processor, truncation and padding are not applied, because the chat template writes the start token and the
 * engine keeps the limits. Immutable; any number of threads may encode at once.
 */
public final class Tokenizer {
    private static final AddedTokenFilter ALL = (id, start, end) -> true;

    private final Vocabulary vocabulary;
    private final BytePairMerges merges;
    private final boolean ignoreMerges;
    private final WordSplitter splitter;
    private final AddedTokens[] addedTokens;
    private final WordCache cache = new WordCache();

    Tokenizer(Vocabulary vocabulary, BytePairMerges merges, boolean ignoreMerges, WordSplitter splitter,
              AddedTokens[] addedTokens) {
        this.vocabulary = vocabulary;
        this.merges = merges;
        this.ignoreMerges = ignoreMerges;
        this.splitter = splitter;
        this.addedTokens = addedTokens;
    }

    /**
     * Reads a {@code tokenizer.json}.
     *
     * @throws InputException if it is missing, damaged, or has a component that is not byte-level BPE's
     */
    public static Tokenizer load(Path tokenizerJson) {
        return new TokenizerFile(tokenizerJson).read();
    }

    /** The ids of a text; added tokens that it spells out become their ids. Lone surrogates count as U+FFFD. */
    public int[] encode(String text) {
        return encode(text, ALL);
    }

    /** The ids of a text in which no added token is matched: what it spells stays text. */
    public int[] encodeAsText(String text) {
        Encoding encoding = new Encoding(wellFormed(text), null);
        return encoding.encode(addedTokens.length);
    }

    /** The ids of a text in which the filter decides which added tokens are matched. */
    public int[] encode(String text, AddedTokenFilter filter) {
        return new Encoding(wellFormed(text), filter).encode(0);
    }

    /** The number of ids: the highest + 1. Ids between may be without a token. */
    public int vocabSize() {
        return vocabulary.numIds();
    }

    /** The number of tokens, added ones included. */
    public int numTokens() {
        return vocabulary.numTokens();
    }

    /** The token as the file writes it (in the byte alphabet, unless added), or null for an id without one. */
    public String token(int id) {
        return vocabulary.text(id);
    }

    /** The id of a token as the file writes it. */
    public OptionalInt idOf(String token) {
        int id = vocabulary.idOfText(token);
        return id < 0 ? OptionalInt.empty() : OptionalInt.of(id);
    }

    /** Whether the id is of an added token that is marked special: one that decoding may leave out. */
    public boolean isSpecial(int id) {
        return vocabulary.isSpecial(id);
    }

    /** Whether the id is of an added token, special or not. */
    public boolean isAdded(int id) {
        return vocabulary.isAdded(id);
    }

    /** The bytes that a token writes, not to be modified; none for an id without a token, whatever its value. */
    public byte[] bytes(int id) {
        return vocabulary.bytes(id);
    }

    /** The text of ids; broken UTF-8 becomes U+FFFD, one for each maximal subpart. */
    public String decode(int[] ids, boolean skipSpecial) {
        StringBuilder out = new StringBuilder(ids.length * 4);
        Detokenizer detokenizer = new Detokenizer(this, skipSpecial);
        for (int id : ids) {
            detokenizer.append(id, out);
        }
        detokenizer.finish(out);
        return out.toString();
    }

    /** The words that the pre-tokenizer cuts a text without added tokens into. */
    List<String> words(String text) {
        List<String> words = new ArrayList<>();
        splitter.new Cursor(text, (start, end) -> words.add(text.substring(start, end))).split(0, text.length());
        return words;
    }

    private static String wellFormed(String text) {
        for (int i = 0; i < text.length(); i++) {
            if (Character.isSurrogate(text.charAt(i))) {
                if (i + 1 < text.length() && Character.isSurrogatePair(text.charAt(i), text.charAt(i + 1))) {
                    i++;
                } else {
                    return withoutLoneSurrogates(text);
                }
            }
        }
        return text;
    }

    private static String withoutLoneSurrogates(String text) {
        char[] chars = text.toCharArray();
        for (int i = 0; i < chars.length; i++) {
            if (i + 1 < chars.length && Character.isSurrogatePair(chars[i], chars[i + 1])) {
                i++;
            } else if (Character.isSurrogate(chars[i])) {
                chars[i] = '\uFFFD';
            }
        }
        return new String(chars);
    }

    /** One text on its way to ids. */
    private final class Encoding {
        private final String text;
        private final AddedTokenFilter filter;
        private final WordSplitter.Cursor words;
        private final AddedTokens.Match match = new AddedTokens.Match();
        private final BytePairMerges.Scratch scratch = new BytePairMerges.Scratch();
        private byte[] word = new byte[64];
        private int[] ids;
        private int numIds;

        Encoding(String text, AddedTokenFilter filter) {
            this.text = text;
            this.filter = filter;
            words = splitter.new Cursor(text, this::word);
            ids = new int[Math.max(8, text.length() / 3)];
        }

        int[] encode(int stage) {
            try {
                piece(stage, 0, text.length());
            } catch (StackOverflowError e) {
                throw new InputException("a text of " + text.length() + " characters is too much for the tokenizer's "
                    + "regular expression, which recurs for every character; send shorter texts", e);
            }
            return Arrays.copyOf(ids, numIds);
        }

        /** Cuts added tokens out: those that are matched in the raw text first, then those in the normalized one. */
        private void piece(int stage, int start, int end) {
            if (stage == addedTokens.length) {
                words.split(start, end);
                return;
            }
            int done = start;
            while (addedTokens[stage].find(text, start, done, end, filter, match)) {
                int id = match.token.id();
                int matchStart = match.start;
                int matchEnd = match.end;
                piece(stage + 1, done, matchStart);
                add(id);
                done = matchEnd;
            }
            piece(stage + 1, done, end);
        }

        private void word(int start, int end) {
            int length = utf8(start, end);
            if (length == 1) {
                add(merges.byteId(word[0] & 0xFF));
                return;
            }
            int[] known = cache.get(word, length);
            if (known != null) {
                add(known);
                return;
            }
            if (ignoreMerges) {
                int id = vocabulary.idOfBytes(word, 0, length);
                if (id >= 0 && !vocabulary.isAdded(id)) {
                    add(id);
                    return;
                }
            }
            int numTokens = merges.merge(word, length, scratch);
            cache.put(word, length, scratch, numTokens);
            for (int i = 0; i < numTokens; i++) {
                add(scratch.id(i));
            }
        }

        private int utf8(int start, int end) {
            if (word.length < (end - start) * 3L) {
                word = new byte[Math.toIntExact((end - start) * 3L)];
            }
            int length = 0;
            for (int i = start; i < end; i++) {
                int c = text.charAt(i);
                if (c < 0x80) {
                    word[length++] = (byte) c;
                } else if (c < 0x800) {
                    word[length++] = (byte) (0xC0 | c >> 6);
                    word[length++] = (byte) (0x80 | c & 0x3F);
                } else {
                    if (Character.isHighSurrogate((char) c)) {
                        c = Character.toCodePoint((char) c, text.charAt(++i));
                        word[length++] = (byte) (0xF0 | c >> 18);
                        word[length++] = (byte) (0x80 | c >> 12 & 0x3F);
                    } else {
                        word[length++] = (byte) (0xE0 | c >> 12);
                    }
                    word[length++] = (byte) (0x80 | c >> 6 & 0x3F);
                    word[length++] = (byte) (0x80 | c & 0x3F);
                }
            }
            return length;
        }

        private void add(int[] more) {
            for (int id : more) {
                add(id);
            }
        }

        private void add(int id) {
            if (numIds == ids.length) {
                ids = Arrays.copyOf(ids, numIds + (numIds >> 1) + 8);
            }
            ids[numIds++] = id;
        }
    }
}
