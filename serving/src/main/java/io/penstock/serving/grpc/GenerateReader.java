package io.penstock.serving.grpc;

import io.penstock.runtime.InputException;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.grpc.wire.GenerateRequest;
import io.penstock.serving.grpc.wire.SamplingParams;
import io.penstock.serving.openai.RequestOptions;
import io.penstock.serving.grammar.OutputForm;
import io.penstock.serving.openai.SamplingDefaults;
import io.penstock.serving.openai.SamplingRequest;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import java.util.Set;

/** Reads a request from the wire, where an absent number is 0: what that means is each field's own. */
final class GenerateReader {
    private static final int NO_LOGPROBS = -1;

    private final SamplingDefaults defaults;

    GenerateReader(SamplingDefaults defaults) {
        this.defaults = defaults;
    }

    /** @throws InputException for what cannot be run */
    GenerationRequest read(GenerateRequest request) {
        refuseForeign(request);
        SamplingParams params = request.getSamplingParams();
        if (request.getRequestId().length() > RequestOptions.MAX_REQUEST_ID_LENGTH) {
            throw new InputException("request_id must have at most " + RequestOptions.MAX_REQUEST_ID_LENGTH
                    + " characters, not " + request.getRequestId().length());
        }
        Integer truncate = params.hasTruncatePromptTokens() ? params.getTruncatePromptTokens() : null;
        if (truncate != null && truncate < 1 && truncate != -1) {
            throw new InputException("truncate_prompt_tokens must be at least 1, or -1 for the model's context, not "
                    + truncate);
        }
        int promptLogprobs = params.hasPromptLogprobs() ? number("prompt_logprobs", params.getPromptLogprobs())
                : NO_LOGPROBS;
        int n = params.getN() == 0 ? 1 : params.getN();
        if (n < 0) {
            throw new InputException("n must be at most " + Integer.MAX_VALUE + ", not "
                    + Integer.toUnsignedString(n));
        }
        return new GenerationRequest(request.getRequestId(), prompt(request), sampling(params), n,
                new GenerationRequest.Options(0, truncate, promptLogprobs, params.getSkipSpecialTokens()));
    }

    private static void refuseForeign(GenerateRequest request) {
        if (request.hasMmInputs() || request.hasMediaRefs() || request.getExtraMmInputsCount() > 0) {
            throw new InputException("mm_inputs and media_refs are not supported: the model reads text only");
        }
        if (request.hasKvTransferParams() || request.hasKvTransferParamsJson()) {
            throw new InputException("kv_transfer_params is not supported: prefill and decode run in one engine");
        }
        if (request.hasDataParallelRank() && request.getDataParallelRank() > 0) {
            throw new InputException("data_parallel_rank must be 0, not " + request.getDataParallelRank()
                    + ": this server is one engine");
        }
    }

    private static GenerationRequest.Prompt prompt(GenerateRequest request) {
        return switch (request.getInputCase()) {
            case TOKENIZED -> {
                int[] ids = new int[request.getTokenized().getInputIdsCount()];
                for (int i = 0; i < ids.length; i++) {
                    ids[i] = request.getTokenized().getInputIds(i);
                }
                yield new GenerationRequest.TokenIds(ids);
            }
            case TEXT -> new GenerationRequest.Text(request.getText());
            case INPUT_NOT_SET -> throw new InputException("the prompt is missing: give tokenized or text");
        };
    }

    private SamplingRequest sampling(SamplingParams params) {
        double temperature = params.hasTemperature() ? decimal(params.getTemperature()) : defaults.temperature();
        double topP = params.getTopP() == 0 ? 1 : decimal(params.getTopP());
        int topK = params.getTopK() < 0 ? Integer.MAX_VALUE : params.getTopK();
        double repetition = params.getRepetitionPenalty() == 0 ? 1 : decimal(params.getRepetitionPenalty());
        int numLogprobs = params.hasLogprobs() ? number("logprobs", params.getLogprobs()) : NO_LOGPROBS;
        Long seed = params.hasSeed() ? Long.valueOf(params.getSeed()) : null;
        return new SamplingRequest(temperature, new TokenFilters(topK, topP, decimal(params.getMinP())),
                new Penalties(repetition, decimal(params.getFrequencyPenalty()),
                        decimal(params.getPresencePenalty())),
                new SamplingRequest.Constraints(logitBias(params), Set.of(), List.of(), demand(params)), stop(params),
                seed, numLogprobs);
    }

    /** What a client wrote: 0.7 of 32 bits means 0.7, so that the answer is the one that other protocols give. */
    private static double decimal(float value) {
        return Double.parseDouble(Float.toString(value));
    }

    /** The form that the output must have, or null. */
    private static SamplingRequest.Demand demand(SamplingParams params) {
        String name = params.getConstraintCase().name().toLowerCase(Locale.ROOT);
        OutputForm form = switch (params.getConstraintCase()) {
            case JSON_SCHEMA -> OutputForm.JsonSchema.parse(params.getJsonSchema());
            case REGEX -> new OutputForm.Pattern(params.getRegex());
            case CHOICE -> new OutputForm.OneOf(params.getChoice().getChoicesList());
            case JSON_OBJECT -> params.getJsonObject() ? new OutputForm.JsonObject() : null;
            case GRAMMAR, STRUCTURAL_TAG -> throw new InputException(
                    name + " is not supported: use json_schema, regex, choice or json_object");
            case CONSTRAINT_NOT_SET -> null;
        };
        return form == null ? null : new SamplingRequest.Demand(form, name);
    }

    private static int number(String name, int value) {
        int most = io.penstock.runtime.SamplingParams.MAX_LOGPROBS;
        if (value < 0 || value > most) {
            throw new InputException(name + " must be between 0 and " + most + ", not " + value);
        }
        return value;
    }

    private static Map<Integer, Double> logitBias(SamplingParams params) {
        Map<Integer, Double> bias = new HashMap<>();
        params.getLogitBiasMap().forEach((id, value) -> bias.put(id, decimal(value)));
        return new TokenConstraints(bias, Set.of(), List.of()).logitBias();
    }

    /** A limit above what the context holds gives way to it, as in other engines of this protocol. */
    private static SamplingRequest.Stop stop(SamplingParams params) {
        Integer maxTokens = null;
        if (params.hasMaxTokens()) {
            maxTokens = params.getMaxTokens() < 0 ? Integer.MAX_VALUE : params.getMaxTokens();
            if (maxTokens == 0) {
                throw new InputException(
                        "max_tokens must be at least 1, not 0: leave it out for what the context holds");
            }
        }
        if (params.getMinTokens() < 0) {
            throw new InputException("min_tokens must not be more than max_tokens");
        }
        return new SamplingRequest.Stop(maxTokens, true, params.getMinTokens(),
                new HashSet<>(params.getStopTokenIdsList()), params.getStopList(), params.getIgnoreEos(),
                params.getIncludeStopStrInOutput());
    }
}
