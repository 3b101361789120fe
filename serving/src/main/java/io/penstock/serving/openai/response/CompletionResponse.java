package io.penstock.serving.openai.response;

import com.fasterxml.jackson.core.JsonGenerator;
import java.io.IOException;
import java.util.HashSet;
import java.util.List;
import java.util.Set;

/**
 * The answer to a plain completion, whole or one event of a stream: both have the same shape.
 *
 * @param choices empty in the last event of a stream whose request asked for the usage
 * @param usageShown whether the field {@code usage} is there at all
 * @param usage null is written as such
 */
public record CompletionResponse(ResponseHeader header, List<Choice> choices, boolean usageShown, Usage usage)
        implements JsonBody {
    /**
     * One choice, or its next piece.
     *
     * @param logprobs null unless asked for
     * @param finishReason null while it goes on
     * @param stopReason the stop string that ended it; null for others
     * @param ids null unless asked for
     * @param promptLogprobs null unless asked for
     */
    public record Choice(
            int index,
            String text,
            Logprobs logprobs,
            FinishReason finishReason,
            String stopReason,
            Ids ids,
            PromptLogprobs promptLogprobs) {}

    /**
     * Logprobs of the tokens of a text.
     *
     * @param firstOffset characters of the choice's text in front of the first token
     */
    public record Logprobs(List<TokenLogprob> tokens, int firstOffset) {
        public Logprobs {
            tokens = List.copyOf(tokens);
        }
    }

    /**
     * Token ids of a choice.
     *
     * @param prompt null in all but the first event of a stream
     */
    public record Ids(int[] prompt, int[] output) {}

    public CompletionResponse {
        choices = List.copyOf(choices);
    }

    /** A whole answer. */
    public static CompletionResponse whole(ResponseHeader header, List<Choice> choices, Usage usage) {
        return new CompletionResponse(header, choices, true, usage);
    }

    /** An event with a piece of one choice; {@code usage} may be null. */
    public static CompletionResponse piece(ResponseHeader header, Choice choice, boolean includeUsage, Usage usage) {
        return new CompletionResponse(header, List.of(choice), includeUsage, usage);
    }

    /** The last event of a stream whose request asked for the usage. */
    public static CompletionResponse usageOnly(ResponseHeader header, Usage usage) {
        return new CompletionResponse(header, List.of(), true, usage);
    }

    @Override
    public void writeTo(JsonGenerator json) throws IOException {
        json.writeStartObject();
        Json.header(json, header, "text_completion");
        json.writeArrayFieldStart("choices");
        for (Choice choice : choices) {
            json.writeStartObject();
            json.writeStringField("text", choice.text);
            json.writeNumberField("index", choice.index);
            writeLogprobs(json, choice.logprobs);
            Json.finishReason(json, choice.finishReason);
            if (choice.finishReason != null) {
                Json.stringOrNull(json, "stop_reason", choice.stopReason);
            }
            if (choice.ids != null) {
                Json.idsIfGiven(json, "token_ids", choice.ids.output);
                Json.idsIfGiven(json, "prompt_token_ids", choice.ids.prompt);
            }
            PromptLogprobs.writeIfGiven(json, choice.promptLogprobs);
            json.writeEndObject();
        }
        json.writeEndArray();
        if (usageShown) {
            json.writeFieldName("usage");
            if (usage == null) {
                json.writeNull();
            } else {
                usage.writeTo(json);
            }
        }
        json.writeEndObject();
    }

    private static void writeLogprobs(JsonGenerator json, Logprobs logprobs) throws IOException {
        if (logprobs == null) {
            json.writeNullField("logprobs");
            return;
        }
        json.writeObjectFieldStart("logprobs");
        json.writeArrayFieldStart("tokens");
        for (TokenLogprob token : logprobs.tokens) {
            json.writeString(token.token());
        }
        json.writeEndArray();
        json.writeArrayFieldStart("token_logprobs");
        for (TokenLogprob token : logprobs.tokens) {
            if (token.isUnknown()) {
                json.writeNull();
            } else {
                Json.logprob(json, token.logprob());
            }
        }
        json.writeEndArray();
        json.writeArrayFieldStart("top_logprobs");
        for (TokenLogprob token : logprobs.tokens) {
            writeTop(json, token);
        }
        json.writeEndArray();
        json.writeArrayFieldStart("text_offset");
        int offset = logprobs.firstOffset;
        for (TokenLogprob token : logprobs.tokens) {
            json.writeNumber(offset);
            offset += token.token().codePointCount(0, token.token().length());
        }
        json.writeEndArray();
        json.writeEndObject();
    }

    /** By text, so of tokens that look alike only the likeliest shows; the sampled one always does. */
    private static void writeTop(JsonGenerator json, TokenLogprob token) throws IOException {
        if (token.isUnknown()) {
            json.writeNull();
            return;
        }
        Set<String> written = new HashSet<>();
        json.writeStartObject();
        for (TokenLogprob alternative : token.top()) {
            if (written.add(alternative.token())) {
                json.writeFieldName(alternative.token());
                Json.logprob(json, alternative.logprob());
            }
        }
        if (written.add(token.token())) {
            json.writeFieldName(token.token());
            Json.logprob(json, token.logprob());
        }
        json.writeEndObject();
    }
}
