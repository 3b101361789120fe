package io.penstock.runtime.config;

import io.penstock.runtime.InputException;
import io.penstock.runtime.TokenFilters;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Optional;

/**
 * The sampling that a checkpoint recommends in {@code generation_config.json}, every key optional. A value that is not
 * given is neutral; in particular an absent top_k is off, where transformers' {@code generate} would take 50.
 *
 * @param doSample false takes the most likely token, whatever the temperature says; absent is false, as in transformers
 * @param temperature divides the logits when sampling; 0 takes the most likely token
 * @param repetitionPenalty 1 is off
 * @param eosTokenIds end tokens that replace those of {@code config.json}; empty if none are given
 */
public record GenerationConfig(
        boolean doSample,
        double temperature,
        TokenFilters filters,
        double repetitionPenalty,
        List<Integer> eosTokenIds) {
    /** What a checkpoint without the file recommends. */
    public static final GenerationConfig DEFAULT = new GenerationConfig(false, 1, TokenFilters.NONE, 1, List.of());

    private static final long MAX_FILE_BYTES = 16L << 20;
    private static final double MAX_TEMPERATURE = 100;

    public GenerationConfig {
        eosTokenIds = List.copyOf(eosTokenIds);
    }

    /**
     * Reads a file; one that is not there gives {@link #DEFAULT}. A value that cannot be used is an
     * {@link InputException} that names file and key.
     */
    public static GenerationConfig read(Path file, int vocabSize) {
        if (!Files.exists(file)) {
            return DEFAULT;
        }
        String source = file.toString();
        var json = StrictJson.parseObject(StrictJson.readBytes(file, MAX_FILE_BYTES), source);
        return resolve(new JsonFields(json, source), vocabSize);
    }

    /** The temperature to sample with: 0 unless {@link #doSample}. */
    public double effectiveTemperature() {
        return doSample ? temperature : 0;
    }

    /** The end tokens that hold: these, or the model's own if none are given here. */
    public List<Integer> eosTokenIds(ModelConfig config) {
        return eosTokenIds.isEmpty() ? config.tokens().eosTokenIds() : eosTokenIds;
    }

    private static GenerationConfig resolve(JsonFields fields, int vocabSize) {
        double temperature = fields.optionalNumber("temperature").orElse(1);
        if (!(temperature >= 0 && temperature <= MAX_TEMPERATURE)) {
            throw outOfRange(fields, "temperature", "between 0 and 100");
        }
        int topK = fields.optionalInteger("top_k").orElse(0);
        if (topK < -1) {
            throw outOfRange(fields, "top_k", "-1 or 0 (off) or at least 1");
        }
        double topP = fields.optionalNumber("top_p").orElse(1);
        if (!(topP > 0 && topP <= 1)) {
            throw outOfRange(fields, "top_p", "above 0 and at most 1");
        }
        double minP = fields.optionalNumber("min_p").orElse(0);
        if (!(minP >= 0 && minP <= 1)) {
            throw outOfRange(fields, "min_p", "between 0 and 1");
        }
        return new GenerationConfig(
                fields.optionalBool("do_sample").orElse(false),
                temperature,
                new TokenFilters(topK, topP, minP),
                fields.optionalPositiveNumber("repetition_penalty").orElse(1),
                readEos(fields, vocabSize).orElse(List.of()));
    }

    private static Optional<List<Integer>> readEos(JsonFields fields, int vocabSize) {
        Optional<List<Integer>> ids = fields.optionalOneOrMoreIntegers("eos_token_id");
        for (int id : ids.orElse(List.of())) {
            if (id < 0 || id >= vocabSize) {
                throw fields.rejection("token_id_out_of_range",
                        "eos_token_id is " + id + "; vocab_size is " + vocabSize);
            }
        }
        return ids;
    }

    private static ConfigException outOfRange(JsonFields fields, String key, String range) {
        return fields.rejection("out_of_range", key + " is " + fields.show(key) + "; it must be " + range);
    }
}
