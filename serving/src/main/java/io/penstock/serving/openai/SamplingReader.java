package io.penstock.serving.openai;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.InputException;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.function.Supplier;

/** Reads the fields of {@link SamplingRequest}, which chat and plain completions share. */
final class SamplingReader {
    static final int MAX_STOP_STRINGS = 64;
    static final int MAX_BAD_WORDS = 1024;

    private final Fields fields;
    private final SamplingDefaults defaults;

    SamplingReader(Fields fields, SamplingDefaults defaults) {
        this.fields = fields;
        this.defaults = defaults;
    }

    /**
     * @param maxTokensFields the names for the output's length, the first that is given counts
     * @param leastMaxTokens 0 where no output at all may be asked for, else 1
     * @param defaultMaxTokens where none is given; null is what is left of the context
     * @param numLogprobs by the rules of the endpoint
     */
    SamplingRequest read(List<String> maxTokensFields, int leastMaxTokens, Integer defaultMaxTokens, int numLogprobs) {
        double temperature = fields.number("temperature", defaults.temperature());
        checked("temperature", () -> new SamplingParams(temperature, TokenFilters.NONE, Penalties.NONE,
                TokenConstraints.NONE, SamplingParams.greedy(1).stop(), 0, -1));
        return new SamplingRequest(temperature, filters(), penalties(), constraints(),
                stop(maxTokensFields, leastMaxTokens, defaultMaxTokens), fields.longInteger("seed"), numLogprobs);
    }

    private TokenFilters filters() {
        int topK = fields.integer("top_k", -1, Integer.MAX_VALUE, defaults.topK());
        double topP = fields.number("top_p", defaults.topP());
        double minP = fields.number("min_p", defaults.minP());
        checked("top_p", () -> new TokenFilters(topK, topP, 0));
        return checked("min_p", () -> new TokenFilters(topK, topP, minP));
    }

    private Penalties penalties() {
        double repetition = fields.number("repetition_penalty", defaults.repetitionPenalty());
        double frequency = fields.number("frequency_penalty", 0);
        double presence = fields.number("presence_penalty", 0);
        checked("repetition_penalty", () -> new Penalties(repetition, 0, 0));
        checked("frequency_penalty", () -> new Penalties(repetition, frequency, 0));
        return checked("presence_penalty", () -> new Penalties(repetition, frequency, presence));
    }

    private SamplingRequest.Constraints constraints() {
        Map<Integer, Double> bias = logitBias();
        checked("logit_bias", () -> new TokenConstraints(bias, Set.of(), List.of()));
        if (fields.has("allowed_token_ids") && fields.array("allowed_token_ids").isEmpty()) {
            throw new BadRequestException(
                    "allowed_token_ids must not be empty: leave it out to allow all tokens", "allowed_token_ids");
        }
        List<String> badWords = fields.strings("bad_words");
        requireAtMost("bad_words", badWords.size(), MAX_BAD_WORDS);
        for (int i = 0; i < badWords.size(); i++) {
            if (badWords.get(i).isBlank()) {
                throw new BadRequestException("bad_words must not hold an empty word", "bad_words[" + i + "]");
            }
        }
        return new SamplingRequest.Constraints(bias, new HashSet<>(fields.ids("allowed_token_ids")), badWords,
                OutputFormReader.read(fields));
    }

    private Map<Integer, Double> logitBias() {
        ObjectNode given = fields.object("logit_bias");
        Map<Integer, Double> bias = new LinkedHashMap<>();
        if (given == null) {
            return bias;
        }
        for (Map.Entry<String, JsonNode> entry : given.properties()) {
            String path = fields.path("logit_bias." + entry.getKey());
            if (!entry.getKey().matches("[0-9]{1,9}")) {
                throw new BadRequestException("logit_bias must have token ids as keys, not "
                        + Fields.shown(given.textNode(entry.getKey())), "logit_bias");
            }
            if (!entry.getValue().isNumber()) {
                throw Fields.mustBe(path, "a number", entry.getValue());
            }
            bias.put(Integer.valueOf(entry.getKey()), entry.getValue().doubleValue());
        }
        return bias;
    }

    private SamplingRequest.Stop stop(List<String> maxTokensFields, int least, Integer defaultMaxTokens) {
        Integer maxTokens = null;
        for (String name : maxTokensFields) {
            Integer given = fields.integer(name, least, Integer.MAX_VALUE);
            maxTokens = maxTokens == null ? given : maxTokens;
        }
        int minTokens = fields.integer("min_tokens", 0, Integer.MAX_VALUE, 0);
        boolean absent = maxTokens == null;
        Integer most = absent ? defaultMaxTokens : maxTokens;
        if (most != null && minTokens > Math.max(1, most)) {
            throw new BadRequestException("min_tokens must be between 0 and max_tokens (" + most + "), not "
                    + minTokens, "min_tokens");
        }
        Set<Integer> stopTokenIds = new HashSet<>(fields.ids("stop_token_ids"));
        return new SamplingRequest.Stop(most, absent, minTokens, stopTokenIds, stopStrings(),
                fields.flag("ignore_eos", false), fields.flag("include_stop_str_in_output", false));
    }

    private List<String> stopStrings() {
        JsonNode node = fields.node("stop");
        if (node != null && !node.isTextual() && !node.isArray()) {
            throw Fields.mustBe("stop", "a string or an array of strings", node);
        }
        List<String> strings = node != null && node.isTextual() ? List.of(node.textValue()) : fields.strings("stop");
        requireAtMost("stop", strings.size(), MAX_STOP_STRINGS);
        if (strings.contains("")) {
            throw new BadRequestException("stop must not hold an empty string", "stop");
        }
        return strings;
    }

    private static void requireAtMost(String name, int size, int most) {
        if (size > most) {
            throw new BadRequestException(name + " must hold at most " + most + " strings, not " + size, name);
        }
    }

    private static <T> T checked(String param, Supplier<T> value) {
        try {
            return value.get();
        } catch (InputException e) {
            throw new BadRequestException(e.getMessage(), param);
        }
    }
}
