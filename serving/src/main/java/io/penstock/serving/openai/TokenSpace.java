package io.penstock.serving.openai;

import java.util.function.Function;

/**
 * What a request must know of the tokenizer.
 *
 * @param vocabSize ids are 0 to this, exclusive
 * @param encode a text's ids, with nothing put in front or behind
 */
public record TokenSpace(int vocabSize, Function<String, int[]> encode) {
    /** Refuses an id that the model does not have, naming the request's field. */
    void requireKnown(int id, String param) {
        if (id < 0 || id >= vocabSize) {
            throw new BadRequestException(
                    param + " must hold token ids between 0 and " + (vocabSize - 1) + ", not " + id, param);
        }
    }
}
