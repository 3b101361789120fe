package io.penstock.batch.line;

import com.fasterxml.jackson.databind.node.ObjectNode;
import java.util.List;

/**
 * How lines are read and answered.
 *
 * @param models the model's names
 * @param plain for lines that are no OpenAI requests
 * @param jobSeed a request without a seed gets one made of this and its custom_id
 * @param createdSeconds the time that answers bear: the same in every run
 * @param separatesReasoning thinking is a field of its own where a line does not say otherwise
 */
public record LineOptions(
        Models models, Plain plain, long jobSeed, long createdSeconds, boolean separatesReasoning) {
    /**
     * What lines may call the model.
     *
     * @param names at least one; the first is what answers call it where a line does not
     * @param any whether every other name will do as well
     */
    public record Models(List<String> names, boolean any) {
        public Models {
            names = List.copyOf(names);
            if (names.isEmpty()) {
                throw new IllegalArgumentException("a model without a name");
            }
        }

        boolean serves(String asked) {
            return any || asked == null || asked.isEmpty() || names.contains(asked);
        }

        String nameOr(String asked) {
            return asked == null || asked.isEmpty() ? names.getFirst() : asked;
        }
    }

    /**
     * For plain lines.
     *
     * @param template makes the prompt of a line's fields; null where lines have {@code prompt} or {@code messages}
     * @param defaults fields of a request, for those that a line leaves out
     * @param system the system message in front of prompts, or null
     * @param isRaw prompts are not put into the chat template
     * @param idField the field that holds the custom_id
     */
    public record Plain(PromptTemplate template, ObjectNode defaults, String system, boolean isRaw, String idField) {
        /** The field that holds the custom_id unless another one is named. */
        public static final String CUSTOM_ID = "custom_id";
    }
}
