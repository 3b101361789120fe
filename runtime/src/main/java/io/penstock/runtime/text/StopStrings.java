package io.penstock.runtime.text;

import io.penstock.runtime.InputException;
import java.util.Arrays;
import java.util.List;

/**
 * Watches streamed text for stop strings. Text that may be the beginning of one is held back until the next piece
 * decides. The match that is complete first wins, of several complete at one character the longest (it begins first).
 * One step a character and string, however the text repeats; belongs to one stream.
 */
public final class StopStrings {
    /** A request may give this many stop strings. */
    public static final int MAX_STRINGS = 64;

    /** No stop string may be longer, in chars. */
    public static final int MAX_LENGTH = 1024;

    private final List<String> strings;
    private final boolean includesStop;
    /** By string: for a matched prefix of length i, the longest shorter prefix that is a suffix of it. */
    private final int[][] fallbacks;
    private final int[] matchedLengths;
    private final StringBuilder held = new StringBuilder();
    private int matched = -1;

    /**
     * Refuses strings that cannot be watched for.
     *
     * @throws InputException for an empty string, one that is too long, or too many
     */
    public static void validate(List<String> strings) {
        if (strings.size() > MAX_STRINGS) {
            throw new InputException("stop: " + strings.size() + " strings are too many; give at most " + MAX_STRINGS);
        }
        for (String string : strings) {
            if (string.isEmpty()) {
                throw new InputException("stop: a stop string may not be empty");
            }
            if (string.length() > MAX_LENGTH) {
                throw new InputException("stop: a stop string of " + string.length() + " characters is too long; give "
                    + "at most " + MAX_LENGTH);
            }
        }
    }

    /**
     * @param includesStop whether the text that is let out ends with the stop string instead of before it
     * @throws InputException as {@link #validate}
     */
    public StopStrings(List<String> strings, boolean includesStop) {
        validate(strings);
        this.strings = List.copyOf(strings);
        this.includesStop = includesStop;
        matchedLengths = new int[strings.size()];
        fallbacks = new int[strings.size()][];
        for (int i = 0; i < fallbacks.length; i++) {
            fallbacks[i] = fallback(this.strings.get(i));
        }
    }

    private static int[] fallback(String string) {
        int[] fallback = new int[string.length() + 1];
        for (int i = 1, k = 0; i < string.length(); i++) {
            while (k > 0 && string.charAt(i) != string.charAt(k)) {
                k = fallback[k];
            }
            if (string.charAt(i) == string.charAt(k)) {
                k++;
            }
            fallback[i + 1] = k;
        }
        return fallback;
    }

    /**
     * Takes the next text of the stream and appends to {@code out} what cannot belong to a stop string any more.
     *
     * @return whether a stop string is complete; then {@code out} ends where the answer ends, and all later text is
     *     ignored
     */
    public boolean append(CharSequence text, StringBuilder out) {
        if (matched >= 0) {
            return true;
        }
        if (fallbacks.length == 0) {
            out.append(text);
            return false;
        }
        for (int i = 0; i < text.length(); i++) {
            held.append(text.charAt(i));
            int found = step(text.charAt(i));
            if (found >= 0) {
                matched = found;
                int cut = held.length() - (includesStop ? 0 : strings.get(found).length());
                out.append(held, 0, cut);
                held.setLength(0);
                return true;
            }
        }
        int longest = 0;
        for (int length : matchedLengths) {
            longest = Math.max(longest, length);
        }
        int released = held.length() - longest;
        out.append(held, 0, released);
        held.delete(0, released);
        return false;
    }

    private int step(char c) {
        int found = -1;
        for (int i = 0; i < fallbacks.length; i++) {
            String string = strings.get(i);
            int length = matchedLengths[i];
            while (length > 0 && string.charAt(length) != c) {
                length = fallbacks[i][length];
            }
            if (string.charAt(length) == c) {
                length++;
            }
            if (length == string.length()) {
                if (found < 0 || string.length() > strings.get(found).length()) {
                    found = i;
                }
                length = fallbacks[i][length];
            }
            matchedLengths[i] = length;
        }
        return found;
    }

    /** The stop string that ended the stream, or null. */
    public String matched() {
        return matched < 0 ? null : strings.get(matched);
    }

    /** Ends the stream without a match: what is held back is let out. */
    public void finish(StringBuilder out) {
        out.append(held);
        held.setLength(0);
        Arrays.fill(matchedLengths, 0);
    }

    /** How many chars are held back. */
    public int numHeld() {
        return held.length();
    }
}
