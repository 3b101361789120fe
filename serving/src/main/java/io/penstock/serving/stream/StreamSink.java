package io.penstock.serving.stream;

import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.model.EncodedPrompt;

/**
 * The client's side of one request, made by a protocol. All calls come on the stream's event loop, in this order:
 * {@link #started} once, {@link #promptLogprobs} at most once, {@link #output} and {@link #finished} for each choice,
 * then {@link #ended}; or at any point {@link #failed}, and nothing after it.
 */
public interface StreamSink {
    /** Whether the text of tokens is wanted; without it they are not detokenized unless stop strings need it. */
    boolean wantsText();

    /**
     * Whether something can be written now without being kept in memory. When it turns true again, the protocol calls
     * {@link ActiveStream#resume}.
     */
    boolean isReady();

    /** The engine has taken the request. */
    void started(EncodedPrompt prompt);

    /** Log probabilities of the prompt from its second token on; before the first output. */
    void promptLogprobs(Logprobs logprobs);

    void output(OutputRun run);

    void finished(ChoiceEnd end);

    /** All choices have ended. */
    void ended();

    void failed(StreamFailure failure);
}
