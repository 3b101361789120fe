package io.penstock.runtime.text;

/** Decides which of the added tokens that a text spells out are control tokens there, and which are plain text. */
@FunctionalInterface
public interface AddedTokenFilter {
    /** Whether the token {@code id}, spelled by {@code text[start, end)}, is matched; chars, end exclusive. */
    boolean matches(int id, int start, int end);
}
