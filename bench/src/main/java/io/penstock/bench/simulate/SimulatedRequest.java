package io.penstock.bench.simulate;

import io.penstock.bench.simulate.Scenario.Lengths;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.scheduler.OutputQueue;
import io.penstock.scheduler.Request;
import java.util.ArrayList;
import java.util.List;

/** A request on its way: what was asked, what it should give, and what has come back of it. */
final class SimulatedRequest {
    /** No token is the last one that is waited for. */
    static final int NEVER = -1;

    final int index;
    final long arrivalNs;
    final int[] prompt;
    final Lengths lengths;
    final Choice[] choices;
    final Request request;
    int numUnfinished;
    long firstTokenNs = NEVER;
    boolean isAborted;

    /** Aborted when so many tokens of its first choice have been read, or {@link #NEVER}. */
    int abortAfterTokens = NEVER;

    /** One token stream. */
    static final class Choice {
        final SimulatedRequest request;
        final int number;
        final long id;
        int numReceived;
        long firstNs = NEVER;
        long lastNs = NEVER;
        boolean isFinished;

        Choice(SimulatedRequest request, int number) {
            this.request = request;
            this.number = number;
            id = Workload.sequenceId(request.index, number);
        }
    }

    SimulatedRequest(Workload workload, int index, long arrivalNs, OutputQueue output) {
        this.index = index;
        this.arrivalNs = arrivalNs;
        prompt = workload.prompt(index);
        lengths = workload.lengths(index);
        choices = new Choice[lengths.numChoices()];
        numUnfinished = choices.length;
        List<SamplingParams> params = new ArrayList<>();
        for (int i = 0; i < choices.length; i++) {
            choices[i] = new Choice(this, i);
            params.add(new SamplingParams(1, TokenFilters.NONE, Penalties.NONE, TokenConstraints.NONE,
                    StopConditions.afterTokens(lengths.maxTokens()), choices[i].id, -1));
        }
        var options = new Request.Options(lengths.priority(), Request.NO_DEADLINE, 0, Request.NO_PROMPT_LOGPROBS);
        request = new Request(index, prompt, params, new int[] {Workload.END_TOKEN}, options, output);
    }
}
