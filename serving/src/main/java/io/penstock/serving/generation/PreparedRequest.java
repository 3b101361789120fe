package io.penstock.serving.generation;

import io.penstock.runtime.SamplingParams;
import io.penstock.scheduler.OutputQueue;
import io.penstock.scheduler.Request;
import io.penstock.serving.model.EncodedPrompt;
import java.util.List;

/**
 * A request that has been checked and tokenized.
 *
 * @param params sampling parameters, one a choice
 * @param eosTokenIds the model's end tokens
 */
public record PreparedRequest(
        GenerationRequest asked, EncodedPrompt prompt, List<SamplingParams> params, int[] eosTokenIds) {

    /**
     * The request as the engine takes it; hashes the prompt's blocks.
     *
     * @param id the front's name for it
     * @param deadlineNs engine time, or {@link Request#NO_DEADLINE}
     * @param output where its tokens go
     */
    public Request toRequest(long id, long deadlineNs, OutputQueue output) {
        GenerationRequest.Options options = asked.options();
        return new Request(id, prompt.tokenIds(), params, eosTokenIds,
                new Request.Options(options.priority(), deadlineNs, 0, options.promptLogprobs()), output);
    }
}
