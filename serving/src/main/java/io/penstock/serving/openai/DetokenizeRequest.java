package io.penstock.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ArrayNode;

/**
 * The body of {@code POST /detokenize}.
 *
 * @param model null: the one that is served
 */
public record DetokenizeRequest(String model, int[] tokenIds) {
    /** @throws BadRequestException for anything but a good request in JSON with ids that the model has */
    public static DetokenizeRequest parse(byte[] body, TokenSpace space) {
        JsonNode json = Fields.body(body);
        Fields fields = new Fields(json, "");
        ArrayNode tokens = fields.array("tokens");
        if (tokens == null) {
            throw new BadRequestException("tokens must be an array of token ids", "tokens");
        }
        int[] ids = new int[tokens.size()];
        for (int i = 0; i < ids.length; i++) {
            String path = "tokens[" + i + "]";
            ids[i] = Fields.integer(tokens.get(i), path, 0, Integer.MAX_VALUE);
            space.requireKnown(ids[i], path);
        }
        return new DetokenizeRequest(fields.string("model"), ids);
    }
}
