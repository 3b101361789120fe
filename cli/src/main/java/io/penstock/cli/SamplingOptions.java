package io.penstock.cli;

import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.runtime.config.StrictJson;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import picocli.CommandLine.ITypeConverter;
import picocli.CommandLine.Option;
import picocli.CommandLine.TypeConversionException;

/** The options that choose tokens. They are fields of an OpenAI request, and are checked as such. */
final class SamplingOptions {
    @Option(names = "--temperature", paramLabel = "T", description = "0 takes the most likely token each time. Where"
            + " this and the next three are not given, the checkpoint's generation_config.json decides.")
    private Double temperature;

    @Option(names = "--top-k", paramLabel = "K", description = "Only the K most likely tokens; 0 is off.")
    private Integer topK;

    @Option(names = "--top-p", paramLabel = "P", description = "Only the most likely tokens that make up P; 1 is off.")
    private Double topP;

    @Option(names = "--min-p", paramLabel = "P",
            description = "Only tokens with at least P times the largest probability; 0 is off.")
    private Double minP;

    @Option(names = "--repetition-penalty", paramLabel = "X", description = "Divides logits of seen tokens; 1 is off.")
    private Double repetitionPenalty;

    @Option(names = "--presence-penalty", paramLabel = "X", description = "Subtracted once from tokens of the output.")
    private Double presencePenalty;

    @Option(names = "--frequency-penalty", paramLabel = "X",
            description = "Subtracted from tokens of the output, for each time they occur.")
    private Double frequencyPenalty;

    @Option(names = "--seed", paramLabel = "N", description = "The same seed gives the same answer. Default: any.")
    private Long seed;

    @Option(names = "--max-tokens", paramLabel = "N",
            description = "The longest output. Default: what the context holds.")
    private Integer maxTokens;

    @Option(names = "--min-tokens", paramLabel = "N", description = "No end token before so many.")
    private Integer minTokens;

    @Option(names = "--stop", paramLabel = "TEXT", arity = "1",
            description = "Ends the output where this text appears; may be repeated.")
    private List<String> stop = new ArrayList<>();

    @Option(names = "--stop-token-ids", paramLabel = "IDS", split = ",",
            description = "Ids that end the output, as in 7,8.")
    private List<Integer> stopTokenIds = new ArrayList<>();

    @Option(names = "--ignore-eos", description = "The model's end token does not end the output.")
    private boolean ignoreEos;

    @Option(names = "--logit-bias", paramLabel = "ID:V", splitSynopsisLabel = ",", split = ",",
            converter = Bias.Converter.class, description = "Adds V to the logit of a token; may be repeated.")
    private List<Bias> logitBias = new ArrayList<>();

    @Option(names = "--bad-words", paramLabel = "TEXT", arity = "1",
            description = "A word that may not be written; may be repeated.")
    private List<String> badWords = new ArrayList<>();

    @Option(names = "--allowed-token-ids", paramLabel = "IDS", split = ",",
            description = "The only ids that may be chosen.")
    private List<Integer> allowedTokenIds = new ArrayList<>();

    @Option(names = "--json-object", description = "The answer is a JSON object.")
    private boolean jsonObject;

    @Option(names = "--json-schema", paramLabel = "FILE", description = "The answer is JSON that a schema permits.")
    private Path jsonSchema;

    @Option(names = "--regex", paramLabel = "PATTERN",
            description = "The answer is a text that a regular expression is the whole of.")
    private String regex;

    @Option(names = "--choice", paramLabel = "TEXT", arity = "1",
            description = "The answer is this text, or one of several; may be repeated.")
    private List<String> choices = new ArrayList<>();

    /** One {@code ID:V}. */
    record Bias(int tokenId, double value) {
        static final class Converter implements ITypeConverter<Bias> {
            @Override
            public Bias convert(String text) {
                int colon = text.indexOf(':');
                try {
                    return new Bias(Integer.parseInt(text.substring(0, Math.max(colon, 0))),
                            Double.parseDouble(text.substring(colon + 1)));
                } catch (NumberFormatException e) {
                    throw new TypeConversionException("'" + text + "' is not ID:V, such as 42:-5");
                }
            }
        }
    }

    /** Sets the request's fields that were given as options; the others stay as they are. */
    void applyTo(ObjectNode body) {
        Map<String, Double> numbers = new LinkedHashMap<>();
        numbers.put("temperature", temperature);
        numbers.put("top_p", topP);
        numbers.put("min_p", minP);
        numbers.put("repetition_penalty", repetitionPenalty);
        numbers.put("presence_penalty", presencePenalty);
        numbers.put("frequency_penalty", frequencyPenalty);
        numbers.forEach((name, value) -> {
            if (value != null) {
                body.put(name, value);
            }
        });
        Map<String, Integer> integers = new LinkedHashMap<>();
        integers.put("top_k", topK);
        integers.put("max_tokens", maxTokens);
        integers.put("min_tokens", minTokens);
        integers.forEach((name, value) -> {
            if (value != null) {
                body.put(name, value);
            }
        });
        if (maxTokens != null) {
            body.remove("max_completion_tokens");
        }
        if (seed != null) {
            body.put("seed", seed);
        }
        if (ignoreEos) {
            body.put("ignore_eos", true);
        }
        demandForm(body);
        putStrings(body, "stop", stop);
        putStrings(body, "bad_words", badWords);
        putIds(body, "stop_token_ids", stopTokenIds);
        putIds(body, "allowed_token_ids", allowedTokenIds);
        if (!logitBias.isEmpty()) {
            ObjectNode biases = body.putObject("logit_bias");
            logitBias.forEach(bias -> biases.put(Integer.toString(bias.tokenId), bias.value));
        }
    }

    /** A form that is demanded goes in place of what the request demands. */
    private void demandForm(ObjectNode body) {
        if (!jsonObject && jsonSchema == null && regex == null && choices.isEmpty()) {
            return;
        }
        body.remove("response_format");
        ObjectNode form = body.putObject("structured_outputs");
        if (jsonObject) {
            form.put("json_object", true);
        }
        if (jsonSchema != null) {
            form.set("json", StrictJson.parseObject(
                    StrictJson.readBytes(jsonSchema, Texts.MAX_BYTES), jsonSchema.toString()));
        }
        if (regex != null) {
            form.put("regex", regex);
        }
        putStrings(form, "choice", choices);
    }

    private static void putStrings(ObjectNode body, String name, List<String> values) {
        if (!values.isEmpty()) {
            ArrayNode array = body.putArray(name);
            values.forEach(array::add);
        }
    }

    private static void putIds(ObjectNode body, String name, List<Integer> values) {
        if (!values.isEmpty()) {
            ArrayNode array = body.putArray(name);
            values.forEach(array::add);
        }
    }
}
