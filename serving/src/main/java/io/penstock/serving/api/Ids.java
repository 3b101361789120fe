package io.penstock.serving.api;

import java.util.concurrent.ThreadLocalRandom;

/** Names for answers and tool calls: random, and no secret. */
final class Ids {
    private static final String DIGITS = "0123456789abcdef";
    private static final int LENGTH = 32;

    private Ids() {}

    static String next(String prefix) {
        ThreadLocalRandom random = ThreadLocalRandom.current();
        StringBuilder id = new StringBuilder(prefix.length() + LENGTH).append(prefix);
        for (int i = 0; i < LENGTH; i++) {
            id.append(DIGITS.charAt(random.nextInt(DIGITS.length())));
        }
        return id.toString();
    }
}
