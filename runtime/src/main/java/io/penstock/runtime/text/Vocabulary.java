package io.penstock.runtime.text;

import java.util.Arrays;
import java.util.HashMap;
import java.util.Map;

/**
 * Tokens by id and ids by token. Tokens in the byte alphabet are kept as the bytes they stand for; added tokens, and
 * tokens with other characters, as text. Written while loading, then only read.
 */
final class Vocabulary {
    /** Ids at or above this are refused: no vocabulary of a language model comes near. */
    static final int MAX_IDS = 1 << 22;

    private static final byte SPECIAL = 1;
    private static final byte ADDED = 2;
    private static final byte[] NO_BYTES = {};

    private byte[][] keys;
    private byte[][] bytes;
    private byte[] flags;
    private int[] slots;
    private int numIds;
    private int numTokens;
    private final Map<String, Integer> texts = new HashMap<>();
    private final Map<Integer, String> textOf = new HashMap<>();

    Vocabulary(int expected) {
        keys = new byte[expected][];
        bytes = new byte[expected][];
        flags = new byte[expected];
        slots = new int[Integer.highestOneBit(Math.max(8, expected)) << 2];
    }

    /** The highest id + 1. */
    int numIds() {
        return numIds;
    }

    int numTokens() {
        return numTokens;
    }

    boolean isUsed(int id) {
        return id >= 0 && id < numIds && bytes[id] != null;
    }

    byte[] bytes(int id) {
        return isUsed(id) ? bytes[id] : NO_BYTES;
    }

    boolean isSpecial(int id) {
        return id >= 0 && id < numIds && (flags[id] & SPECIAL) != 0;
    }

    boolean isAdded(int id) {
        return id >= 0 && id < numIds && (flags[id] & ADDED) != 0;
    }

    /** The token as the file writes it, or null. */
    String text(int id) {
        if (!isUsed(id)) {
            return null;
        }
        String text = textOf.get(id);
        return text != null ? text : ByteAlphabet.text(keys[id]);
    }

    /** The id of a token as the file writes it, or -1. */
    int idOfText(String text) {
        Integer id = texts.get(text);
        if (id != null) {
            return id;
        }
        char[] chars = text.toCharArray();
        byte[] key = new byte[chars.length];
        return ByteAlphabet.decode(chars, 0, chars.length, key, 0) < 0 ? -1 : idOfBytes(key, 0, key.length);
    }

    /** The id of the token in the byte alphabet that stands for these bytes, or -1. */
    int idOfBytes(byte[] key, int from, int length) {
        return slots[slotOf(key, from, length)] - 1;
    }

    /** Adds a token in the byte alphabet; false if its bytes have an id already. */
    boolean addBytes(byte[] token, int id) {
        if ((numTokens + 1) * 2 > slots.length) {
            growSlots();
        }
        int slot = slotOf(token, 0, token.length);
        if (slots[slot] != 0) {
            return false;
        }
        use(id, token);
        keys[id] = token;
        slots[slot] = id + 1;
        return true;
    }

    /** Adds a token that no bytes are merged to; false if its text has an id already. */
    boolean addText(String text, byte[] utf8, int id) {
        if (texts.putIfAbsent(text, id) != null) {
            return false;
        }
        textOf.put(id, text);
        use(id, utf8);
        return true;
    }

    void markAdded(int id, boolean special) {
        flags[id] |= (byte) (ADDED | (special ? SPECIAL : 0));
    }

    /** Gives an added token of the vocabulary the bytes of its text, whatever its characters mean in the alphabet. */
    void writeAs(int id, byte[] utf8) {
        bytes[id] = utf8;
    }

    private void use(int id, byte[] token) {
        if (id >= bytes.length) {
            int length = Math.max(id + 1, bytes.length * 2);
            keys = Arrays.copyOf(keys, length);
            bytes = Arrays.copyOf(bytes, length);
            flags = Arrays.copyOf(flags, length);
        }
        bytes[id] = token;
        numIds = Math.max(numIds, id + 1);
        numTokens++;
    }

    private int slotOf(byte[] key, int from, int length) {
        int mask = slots.length - 1;
        int slot = hash(key, from, length) & mask;
        while (slots[slot] != 0 && !sameBytes(keys[slots[slot] - 1], key, from, length)) {
            slot = slot + 1 & mask;
        }
        return slot;
    }

    private void growSlots() {
        int[] old = slots;
        slots = new int[old.length * 2];
        for (int entry : old) {
            if (entry != 0) {
                byte[] token = keys[entry - 1];
                slots[slotOf(token, 0, token.length)] = entry;
            }
        }
    }

    static int hash(byte[] key, int from, int length) {
        int h = 0x811C9DC5;
        for (int i = from; i < from + length; i++) {
            h = (h ^ key[i]) * 0x01000193;
        }
        return h ^ h >>> 15;
    }

    static boolean sameBytes(byte[] token, byte[] key, int from, int length) {
        return token.length == length && Arrays.equals(token, 0, length, key, from, from + length);
    }
}
