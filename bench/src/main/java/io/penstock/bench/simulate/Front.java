package io.penstock.bench.simulate;

import io.penstock.bench.simulate.SimulatedRequest.Choice;
import io.penstock.runtime.FinishReason;
import io.penstock.scheduler.OutputHandler;
import java.util.ArrayDeque;
import java.util.HashMap;
import java.util.Map;

/**
 * The clients: reads what comes out of the scheduler, checks that each token is the right one and that each stream
 * ends once and where it should, and keeps the times.
 */
final class Front implements OutputHandler {
    final Samples ttft = new Samples();
    final Samples tpot = new Samples();
    final Samples itl = new Samples();
    final Samples e2el = new Samples();
    int numCompleted;
    int numAborted;
    int numRejected;
    int maxConcurrency;
    long numInputTokens;
    long numOutputTokens;
    long lastEndNs;

    /** Requests of which the client has enough. */
    final ArrayDeque<SimulatedRequest> toAbort = new ArrayDeque<>();

    private final Workload workload;
    private final Traffic traffic;
    private final Map<Long, SimulatedRequest> open = new HashMap<>();
    private long nowNs;

    Front(Workload workload, Traffic traffic) {
        this.workload = workload;
        this.traffic = traffic;
    }

    void sent(SimulatedRequest request) {
        open.put((long) request.index, request);
        maxConcurrency = Math.max(maxConcurrency, open.size());
    }

    /** The device that had it is gone, with all that it had computed of it. */
    void lost(SimulatedRequest request) {
        open.remove((long) request.index);
    }

    void rejected(int index, long timeNs) {
        numRejected++;
        traffic.ended(index, timeNs);
    }

    int numOpen() {
        return open.size();
    }

    int numEnded() {
        return numCompleted + numAborted + numRejected;
    }

    /** What is read from now on is read at this time. */
    void readAt(long timeNs) {
        nowNs = timeNs;
    }

    Choice choice(long sequenceId) {
        long index = sequenceId / Workload.sequenceId(1, 0);
        SimulatedRequest request = open.get(index);
        check(request != null, "sequence " + sequenceId + " of no open request is started");
        return request.choices[(int) (sequenceId % Workload.sequenceId(1, 0))];
    }

    private Choice openChoice(long requestId, int number) {
        SimulatedRequest request = open.get(requestId);
        check(request != null, "something comes for request " + requestId + ", which is not open");
        Choice choice = request.choices[number];
        check(!choice.isFinished, "something comes for " + name(choice) + ", which has ended");
        return choice;
    }

    private static String name(Choice choice) {
        return "request " + choice.request.index + " choice " + choice.number;
    }

    private static void check(boolean holds, String what) {
        if (!holds) {
            throw new IllegalStateException(what);
        }
    }

    @Override
    public void token(long requestId, int number, int tokenId) {
        Choice choice = openChoice(requestId, number);
        SimulatedRequest request = choice.request;
        int expected = workload.outputToken(choice.id, choice.numReceived, request.lengths.output());
        check(tokenId == expected, name(choice) + ": output " + choice.numReceived + " is " + tokenId + ", not "
                + expected);
        choice.numReceived++;
        seen(choice);
        if (number == 0 && choice.numReceived == request.abortAfterTokens) {
            toAbort.add(request);
        }
    }

    private void seen(Choice choice) {
        if (choice.firstNs == SimulatedRequest.NEVER) {
            choice.firstNs = nowNs;
            if (choice.request.firstTokenNs == SimulatedRequest.NEVER) {
                choice.request.firstTokenNs = nowNs;
            }
        } else {
            itl.add(nowNs - choice.lastNs);
        }
        choice.lastNs = nowNs;
    }

    @Override
    public void finished(long requestId, int number, Finish finish) {
        Choice choice = openChoice(requestId, number);
        SimulatedRequest request = choice.request;
        checkEnd(choice, finish);
        choice.isFinished = true;
        if (finish.reason() == FinishReason.STOP) {
            seen(choice);
        }
        int numTokens = finish.numOutputTokens();
        if (numTokens > 1 && !request.isAborted) {
            tpot.add((choice.lastNs - choice.firstNs) / (numTokens - 1));
        }
        request.numUnfinished--;
        if (request.numUnfinished == 0) {
            ended(request);
        }
    }

    private void checkEnd(Choice choice, Finish finish) {
        Scenario.Lengths lengths = choice.request.lengths;
        int numTokens = finish.numOutputTokens();
        switch (finish.reason()) {
            case STOP -> check(numTokens == lengths.output() && choice.numReceived == numTokens - 1
                    && finish.stopTokenId() == Workload.END_TOKEN, name(choice) + " stops after " + numTokens
                    + " tokens, of which " + choice.numReceived + " came, not after " + lengths.output());
            case LENGTH -> check(numTokens == lengths.maxTokens() && choice.numReceived == numTokens
                    && lengths.output() > numTokens, name(choice) + " ends at its limit after " + numTokens
                    + " tokens, of which " + choice.numReceived + " came, not after " + lengths.sampled());
            case ABORT -> check(choice.request.isAborted && choice.numReceived == numTokens,
                    name(choice) + " is aborted after " + numTokens + " tokens, of which " + choice.numReceived
                    + " came");
            default -> check(false, name(choice) + " ends with " + finish.reason());
        }
    }

    private void ended(SimulatedRequest request) {
        open.remove((long) request.index);
        lastEndNs = nowNs;
        if (request.isAborted) {
            numAborted++;
        } else {
            numCompleted++;
            numInputTokens += request.prompt.length;
            numOutputTokens += (long) request.choices.length * request.lengths.sampled();
            ttft.add(request.firstTokenNs - request.arrivalNs);
            e2el.add(nowNs - request.arrivalNs);
        }
        traffic.ended(request.index, nowNs);
    }

    @Override
    public void tokenWithLogprobs(long requestId, int number, int tokenId, LogprobsView logprobs) {
        check(false, "request " + requestId + " did not ask for log probabilities");
    }

    @Override
    public void promptLogprobs(long requestId, int position, int tokenId, LogprobsView logprobs) {
        check(false, "request " + requestId + " did not ask for log probabilities");
    }
}
