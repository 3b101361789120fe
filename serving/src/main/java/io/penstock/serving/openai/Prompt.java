package io.penstock.serving.openai;

import java.util.List;

/** One prompt of a plain completion: a text that is still to be tokenized, or ids that are taken as they are. */
public sealed interface Prompt {
    record Text(String text) implements Prompt {}

    /** Ids of at least one token; whether the model has them is checked by {@link CompletionRequest}. */
    record TokenIds(List<Integer> ids) implements Prompt {
        public TokenIds {
            ids = List.copyOf(ids);
        }
    }
}
