package io.penstock.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;
import io.penstock.runtime.SamplingParams;
import java.util.ArrayList;
import java.util.List;

/**
 * The body of {@code POST /v1/completions}. Choice {@code i} of prompt {@code p} has the index {@code p * n + i}.
 *
 * @param model null: the one that is served
 * @param echo the text of each choice begins with its prompt, and log probabilities with those of the prompt
 * @param addSpecialTokens texts are tokenized with the tokens that the model expects in front
 */
public record CompletionRequest(
        String model,
        List<Prompt> prompts,
        SamplingRequest sampling,
        ResponseOptions response,
        RequestOptions options,
        boolean echo,
        boolean addSpecialTokens) {
    /** The most prompts of one request. */
    public static final int MAX_PROMPTS = 2048;

    /** The length of the output where the request names none, as OpenAI's. */
    public static final int DEFAULT_MAX_TOKENS = 16;

    public CompletionRequest {
        prompts = List.copyOf(prompts);
    }

    /** @throws BadRequestException for anything but a good request in JSON */
    public static CompletionRequest parse(byte[] body, SamplingDefaults defaults) {
        return parse(Fields.body(body), defaults);
    }

    /** @throws BadRequestException for a field of a wrong type or value, naming it */
    public static CompletionRequest parse(JsonNode body, SamplingDefaults defaults) {
        Fields fields = new Fields(body, "");
        List<Prompt> prompts = prompts(fields.node("prompt"));
        String suffix = fields.string("suffix");
        if (suffix != null && !suffix.isEmpty()) {
            throw new BadRequestException("suffix is not supported: the model only writes on; leave it out", "suffix");
        }
        boolean echo = fields.flag("echo", false);
        int numLogprobs = fields.integer("logprobs", 0, SamplingParams.MAX_LOGPROBS, -1);
        ResponseOptions response = ResponseOptions.read(fields);
        requireNoSelection(fields, response.n());
        SamplingRequest sampling = new SamplingReader(fields, defaults)
                .read(List.of("max_tokens"), echo ? 0 : 1, DEFAULT_MAX_TOKENS, numLogprobs);
        return new CompletionRequest(fields.string("model"), prompts, sampling, response,
                RequestOptions.read(fields), echo, fields.flag("add_special_tokens", true));
    }

    /** Whether the prompt is to be given back, with its log probabilities, and nothing be added. */
    public boolean isEchoOnly() {
        return echo && sampling.stop().maxTokens() == 0;
    }

    /** Refuses ids that the model does not have. */
    public void requireKnownTokens(TokenSpace tokens) {
        for (Prompt prompt : prompts) {
            if (prompt instanceof Prompt.TokenIds(List<Integer> ids)) {
                ids.forEach(id -> tokens.requireKnown(id, "prompt"));
            }
        }
    }

    private static void requireNoSelection(Fields fields, int n) {
        Integer bestOf = fields.integer("best_of", 1, ResponseOptions.MAX_CHOICES);
        if (bestOf != null && bestOf != n) {
            throw new BadRequestException("best_of must be n (" + n + "): choices are not selected among more, not "
                    + bestOf, "best_of");
        }
    }

    private static List<Prompt> prompts(JsonNode node) {
        if (node == null) {
            throw new BadRequestException(
                    "prompt must be given: a string, an array of strings, of token ids, or of arrays of token ids",
                    "prompt");
        }
        if (node.isTextual()) {
            return List.of(new Prompt.Text(node.textValue()));
        }
        if (!(node instanceof ArrayNode array)) {
            throw Fields.mustBe("prompt",
                    "a string, an array of strings, of token ids, or of arrays of token ids", node);
        }
        if (array.isEmpty()) {
            throw new BadRequestException("prompt must not be an empty array", "prompt");
        }
        JsonNode first = array.get(0);
        if (first.isNumber()) {
            return List.of(ids(array, "prompt"));
        }
        if (array.size() > MAX_PROMPTS) {
            throw new BadRequestException("prompt must hold at most " + MAX_PROMPTS + " prompts, not " + array.size(),
                    "prompt");
        }
        List<Prompt> prompts = new ArrayList<>(array.size());
        for (int i = 0; i < array.size(); i++) {
            JsonNode item = array.get(i);
            String path = "prompt[" + i + "]";
            if (first.isTextual() ? !item.isTextual() : !item.isArray()) {
                throw Fields.mustBe(path, first.isTextual() ? "a string" : "an array of token ids", item);
            }
            prompts.add(item.isTextual() ? new Prompt.Text(item.textValue()) : ids((ArrayNode) item, path));
        }
        return prompts;
    }

    private static Prompt.TokenIds ids(ArrayNode array, String path) {
        if (array.isEmpty()) {
            throw new BadRequestException(path + " must hold at least one token id", path);
        }
        List<Integer> ids = new ArrayList<>(array.size());
        for (int i = 0; i < array.size(); i++) {
            ids.add(Fields.integer(array.get(i), path + "[" + i + "]", 0, Integer.MAX_VALUE));
        }
        return new Prompt.TokenIds(ids);
    }
}
