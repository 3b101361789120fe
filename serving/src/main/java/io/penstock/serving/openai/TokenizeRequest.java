package io.penstock.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;

/**
 * The body of {@code POST /tokenize}: a text or a conversation.
 *
 * @param model null: the one that is served
 * @param prompt null where {@code chat} is given
 * @param chat null where {@code prompt} is given
 * @param returnTokenStrings the text of each token is part of the answer
 */
public record TokenizeRequest(String model, String prompt, ChatInput chat, boolean returnTokenStrings) {
    /** @throws BadRequestException for anything but a good request in JSON */
    public static TokenizeRequest parse(byte[] body) {
        JsonNode json = Fields.body(body);
        Fields fields = new Fields(json, "");
        String prompt = fields.string("prompt");
        boolean isChat = fields.has("messages");
        if (isChat == (prompt != null)) {
            throw new BadRequestException("either prompt or messages must be given", isChat ? "messages" : "prompt");
        }
        fields.flag("add_special_tokens", true);
        return new TokenizeRequest(fields.string("model"), prompt, isChat ? ChatReader.read(fields) : null,
                fields.flag("return_token_strs", false));
    }
}
