package io.penstock.bench.loadgen;

import com.fasterxml.jackson.databind.node.ArrayNode;

/** What a request asks a model to continue. */
public sealed interface Prompt {
    /** Token ids as they are; not copied. */
    record TokenIds(int[] ids) implements Prompt {}

    /** A text; in a chat the user's only message. */
    record Text(String text) implements Prompt {}

    /** The messages of a chat, as OpenAI's API has them. */
    record Messages(ArrayNode messages) implements Prompt {}
}
