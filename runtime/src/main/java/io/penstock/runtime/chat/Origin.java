package io.penstock.runtime.chat;

/** Where a character of a prompt comes from, beside the template: the lower the more to be distrusted. */
final class Origin {
    /** What users, tools and system texts say, and tool definitions: never a control token. */
    static final byte TEXT = 1;

    /** What the model said in an earlier turn: tokens that are added but not special are what it wrote. */
    static final byte ASSISTANT = 2;

    /** The content of a last message that is to be continued. */
    static final byte FINAL = 3;

    private Origin() {
    }
}
