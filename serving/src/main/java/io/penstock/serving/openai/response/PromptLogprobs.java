package io.penstock.serving.openai.response;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.List;

/**
 * Log probabilities of a prompt as vLLM's clients read them: an array with null for the first token, and for each other
 * one an object by token id.
 */
public record PromptLogprobs(List<Position> positions) {
    /**
     * One token of the prompt from its second on, and the most likely ones in its place, best first.
     *
     * @param token what stood there
     */
    public record Position(Entry token, List<Entry> top) {
        public Position {
            top = List.copyOf(top);
        }
    }

    /** @param rank 1 for the most likely token */
    public record Entry(int tokenId, double logprob, int rank, String text) {}

    public PromptLogprobs {
        positions = List.copyOf(positions);
    }

    static void writeIfGiven(JsonGenerator json, PromptLogprobs logprobs) throws IOException {
        if (logprobs == null) {
            return;
        }
        json.writeArrayFieldStart("prompt_logprobs");
        json.writeNull();
        for (Position position : logprobs.positions) {
            json.writeStartObject();
            write(json, position.token);
            for (Entry entry : position.top) {
                if (entry.tokenId != position.token.tokenId) {
                    write(json, entry);
                }
            }
            json.writeEndObject();
        }
        json.writeEndArray();
    }

    private static void write(JsonGenerator json, Entry entry) throws IOException {
        json.writeObjectFieldStart(Integer.toString(entry.tokenId));
        json.writeFieldName("logprob");
        Json.logprob(json, entry.logprob);
        json.writeNumberField("rank", entry.rank);
        json.writeStringField("decoded_token", Json.wellFormed(entry.text));
        json.writeEndObject();
    }
}
