package io.penstock.scheduler;

import io.penstock.runtime.SamplingParams;
import java.util.Collections;
import java.util.List;
import java.util.Random;

/** Short ways to requests. */
final class Requests {
    static final OutputHandler IGNORED = new OutputHandler() {
        @Override
        public void token(long requestId, int choice, int tokenId) {}

        @Override
        public void tokenWithLogprobs(long requestId, int choice, int tokenId, LogprobsView logprobs) {}

        @Override
        public void promptLogprobs(long requestId, int position, int tokenId, LogprobsView logprobs) {}

        @Override
        public void finished(long requestId, int choice, Finish finish) {}
    };

    private Requests() {}

    static int[] prompt(int length, long seed) {
        return new Random(seed).ints(length, 0, 1000).toArray();
    }

    static Request of(long id, int[] prompt, int maxTokens, OutputQueue queue) {
        return of(id, prompt, maxTokens, 1, Request.Options.DEFAULTS, queue);
    }

    static Request of(
            long id, int[] prompt, int maxTokens, int numChoices, Request.Options options, OutputQueue queue) {
        List<SamplingParams> choices = Collections.nCopies(numChoices, SamplingParams.greedy(maxTokens));
        return new Request(id, prompt, choices, new int[0], options, queue);
    }

    static Request.Options priority(int priority) {
        return new Request.Options(priority, Request.NO_DEADLINE, 0, Request.NO_PROMPT_LOGPROBS);
    }

    static Request.Options deadline(long deadlineNs) {
        return new Request.Options(0, deadlineNs, 0, Request.NO_PROMPT_LOGPROBS);
    }

    static OutputQueue queue(int maxSequences) {
        return new OutputQueue(maxSequences, 1 << 16, () -> {});
    }

    /** Opens and submits. */
    static Request submit(Scheduler scheduler, Request request) {
        if (!request.output().open(request.numChoices())) {
            throw new IllegalStateException("the queue is made for fewer sequences");
        }
        scheduler.submit(request);
        return request;
    }
}
