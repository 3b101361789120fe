package io.penstock.serving.generation;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.text.StopStrings;
import io.penstock.serving.model.EncodedPrompt;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.openai.SamplingRequest;
import java.util.List;
import java.util.function.LongSupplier;

/** Makes tokens and sampling parameters of requests, on whatever thread asks for it. */
public final class RequestPreparer {
    private final RequestEncoder encoder;
    private final ModelLimits limits;
    private final LongSupplier seeds;
    private final int[] eosTokenIds;
    private final SamplingRequest recommended;

    /** @param seeds gives each request without a seed its own; called on any thread */
    public RequestPreparer(RequestEncoder encoder, ModelLimits limits, LongSupplier seeds) {
        this.encoder = encoder;
        this.limits = limits;
        this.seeds = seeds;
        eosTokenIds = encoder.source().eosTokenIds();
        recommended = SamplingRequest.of(encoder.defaults());
    }

    /** What the model's makers recommend, without a limit on the output but the context's. */
    public SamplingRequest recommended() {
        return recommended;
    }

    public RequestEncoder encoder() {
        return encoder;
    }

    public ModelLimits limits() {
        return limits;
    }

    /**
     * Tokenizes and checks a request.
     *
     * @throws io.penstock.runtime.InputException if it cannot be run
     */
    public PreparedRequest prepare(GenerationRequest asked) {
        EncodedPrompt prompt = encoder.truncated(encoded(asked.prompt()), asked.options().truncatePromptTokens());
        SamplingRequest sampling = asked.sampling() == null ? recommended : asked.sampling();
        StopStrings.validate(sampling.stop().stopStrings());
        List<SamplingParams> params =
                encoder.samplingParams(sampling, asked.numChoices(), prompt, limits.maxModelLen(), seeds);
        return new PreparedRequest(asked, prompt, params, eosTokenIds);
    }

    private EncodedPrompt encoded(GenerationRequest.Prompt prompt) {
        return switch (prompt) {
            case GenerationRequest.Chat chat -> encoder.chat(chat.chat());
            case GenerationRequest.Text text -> encoder.text(text.text());
            case GenerationRequest.TokenIds ids -> encoder.tokenIds(ids.tokenIds());
            case GenerationRequest.Encoded known -> known.prompt();
            case GenerationRequest.Unreadable unreadable -> throw unreadable.reason();
        };
    }
}
