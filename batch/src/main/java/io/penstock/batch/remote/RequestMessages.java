package io.penstock.batch.remote;

import io.penstock.runtime.InputException;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.TokenFilters;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.generation.PreparedRequest;
import io.penstock.serving.grammar.OutputForm;
import io.penstock.serving.grpc.wire.ChoiceConstraint;
import io.penstock.serving.grpc.wire.GenerateRequest;
import io.penstock.serving.grpc.wire.TokenizedInput;
import io.penstock.serving.openai.SamplingRequest;
import java.util.Arrays;

/** Requests as messages. What the protocol cannot carry exactly is refused: the answer would be another one. */
final class RequestMessages {
    private RequestMessages() {}

    /** @throws InputException for what the protocol does not carry */
    static GenerateRequest of(String id, PreparedRequest prepared) {
        GenerationRequest asked = prepared.asked();
        SamplingParams params = prepared.params().getFirst();
        return GenerateRequest.newBuilder()
                .setRequestId(id)
                .setTokenized(TokenizedInput.newBuilder()
                        .addAllInputIds(Arrays.stream(prepared.prompt().tokenIds()).boxed().toList()))
                .setSamplingParams(sampling(asked, params, prepared))
                .build();
    }

    private static io.penstock.serving.grpc.wire.SamplingParams sampling(
            GenerationRequest asked, SamplingParams params, PreparedRequest prepared) {
        TokenFilters filters = params.filters();
        Penalties penalties = params.penalties();
        SamplingRequest.Constraints constraints = asked.sampling().constraints();
        if (!constraints.badWords().isEmpty() || !constraints.allowedTokenIds().isEmpty()) {
            throw notCarried(constraints.badWords().isEmpty() ? "allowed_token_ids" : "bad_words");
        }
        if (asked.options().promptLogprobs() >= 0) {
            throw notCarried("prompt_logprobs or echo with logprobs");
        }
        var message = io.penstock.serving.grpc.wire.SamplingParams.newBuilder()
                .setTemperature(exactly("temperature", params.temperature()))
                .setTopP(exactly("top_p", filters.topP()))
                .setTopK(Math.max(0, filters.topK()))
                .setMinP(exactly("min_p", filters.minP()))
                .setFrequencyPenalty(exactly("frequency_penalty", penalties.frequency()))
                .setPresencePenalty(exactly("presence_penalty", penalties.presence()))
                .setRepetitionPenalty(exactly("repetition_penalty", penalties.repetition()))
                .setMaxTokens(params.stop().maxTokens())
                .setMinTokens(params.stop().minTokens())
                .addAllStop(params.stop().stopStrings())
                .addAllStopTokenIds(params.stop().stopTokenIds())
                .setIgnoreEos(params.stop().ignoreEos())
                .setIncludeStopStrInOutput(params.stop().includeStopString())
                .setSkipSpecialTokens(asked.options().skipSpecialTokens())
                .setN(asked.numChoices())
                .setSeed(seed(params.seed()));
        if (params.numLogprobs() >= 0) {
            message.setLogprobs(params.numLogprobs());
        }
        constraints.logitBias().forEach((id, bias) -> message.putLogitBias(id, exactly("logit_bias", bias)));
        if (prepared.prompt().calls() != null) {
            throw notCarried("a tool_choice that demands a call");
        }
        if (constraints.demand() != null) {
            demand(constraints.demand(), message);
        }
        return message.build();
    }

    private static void demand(
            SamplingRequest.Demand demand, io.penstock.serving.grpc.wire.SamplingParams.Builder message) {
        switch (demand.form()) {
            case OutputForm.JsonObject _ -> message.setJsonObject(true);
            case OutputForm.JsonSchema schema -> message.setJsonSchema(schema.schema().toString());
            case OutputForm.Pattern pattern -> message.setRegex(pattern.regex());
            case OutputForm.OneOf one -> message.setChoice(ChoiceConstraint.newBuilder().addAllChoices(one.texts()));
            case OutputForm.ToolCalls _ -> throw notCarried("a tool_choice that demands a call");
        }
    }

    private static int seed(long seed) {
        if (seed != (int) seed) {
            throw new InputException("seed must fit into 32 bits for workers, not " + seed);
        }
        return (int) seed;
    }

    /** The worker reads a number as the shortest decimal that means its 32 bits. */
    private static float exactly(String name, double value) {
        float carried = (float) value;
        if (Double.parseDouble(Float.toString(carried)) != value) {
            throw new InputException(name + " " + value + " has more digits than reach a worker: give at most six");
        }
        return carried;
    }

    private static InputException notCarried(String what) {
        return new InputException(what + " does not reach workers, whose protocol has no field for it: run without"
                + " --workers");
    }
}
