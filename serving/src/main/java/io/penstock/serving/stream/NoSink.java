package io.penstock.serving.stream;

import io.penstock.serving.generation.Logprobs;
import io.penstock.serving.model.EncodedPrompt;

/** A client that has gone: takes everything and keeps nothing. */
enum NoSink implements StreamSink {
    INSTANCE;

    @Override
    public boolean wantsText() {
        return false;
    }

    @Override
    public boolean isReady() {
        return true;
    }

    @Override
    public void started(EncodedPrompt prompt) {}

    @Override
    public void promptLogprobs(Logprobs logprobs) {}

    @Override
    public void output(OutputRun run) {}

    @Override
    public void finished(ChoiceEnd end) {}

    @Override
    public void ended() {}

    @Override
    public void failed(StreamFailure failure) {}
}
