package io.penstock.serving.output;

/** The classes of characters that the grammar of tool calls tells apart; as Python's isspace and isalnum. */
final class Characters {
    private static final int NEXT_LINE = 0x85;

    private Characters() {}

    static boolean isWhiteSpace(int c) {
        return Character.isWhitespace(c) || Character.isSpaceChar(c) || c == NEXT_LINE;
    }

    /** Letters and digits of any script, and {@code _ . -}. */
    static boolean isNamePart(int c) {
        if (c == '_' || c == '.' || c == '-') {
            return true;
        }
        int type = Character.getType(c);
        return Character.isLetterOrDigit(c) || type == Character.LETTER_NUMBER || type == Character.OTHER_NUMBER;
    }

    static boolean isName(String text) {
        return !text.isEmpty() && text.codePoints().allMatch(Characters::isNamePart);
    }

    static boolean isBlank(CharSequence text) {
        return text.codePoints().allMatch(Characters::isWhiteSpace);
    }
}
