package io.penstock.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import com.fasterxml.jackson.databind.node.ObjectNode;

/**
 * Makes the fields of an OpenAI chat request from options.
 *
 * @param system the system message in front of a prompt, or null
 * @param numChoices null leaves it to the request
 * @param numLogprobs null leaves it to the request
 */
record RequestFields(SamplingOptions sampling, String system, Integer numChoices, Integer numLogprobs) {
    /**
     * The fields of one request; options win over what it brings.
     *
     * @param given changed in place; null for none
     * @param prompt becomes its messages; null where it has them
     */
    ObjectNode of(ObjectNode given, String prompt) {
        ObjectNode fields = given == null ? JsonNodeFactory.instance.objectNode() : given;
        if (prompt != null) {
            ArrayNode messages = fields.putArray("messages");
            if (system != null) {
                messages.addObject().put("role", "system").put("content", system);
            }
            messages.addObject().put("role", "user").put("content", prompt);
        }
        sampling.applyTo(fields);
        if (numChoices != null) {
            fields.put("n", numChoices);
        }
        if (numLogprobs != null) {
            fields.put("logprobs", true).put("top_logprobs", numLogprobs);
        }
        return fields;
    }
}
