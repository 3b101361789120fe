package io.penstock.scheduler;

import io.penstock.runtime.FinishReason;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.InputException;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.StepResult;
import io.penstock.scheduler.Sequence.State;
import io.penstock.scheduler.memory.BlockListener;

/**
 * Decides what each step computes and what its tokens mean: {@link #schedule} plans a step, {@link #process} takes a
 * step's result. The next step may be planned before the last one's result is there. Deterministic, one thread.
 */
public final class Scheduler {
    /** How often waiting sequences are looked through for deadlines. */
    private static final long DEADLINE_INTERVAL_NS = 10_000_000;

    private final Parts parts;
    private final ModelLimits limits;
    private final DecodeSlots slots;
    private final SequenceMemory memory;
    private final RunningList running;
    private final WaitingQueue waiting;
    private final SchedulerStats stats;
    private final StepPlanner planner;
    private final Step[] steps = new Step[ModelRunner.MAX_STEPS_IN_FLIGHT];
    private final OutputQueue[] touched;
    private int numTouched;
    private long numPlans;
    private long numPlanned;
    private long numProcessed;
    private long numSubmitted;
    private long nextDeadlineCheckNs = Long.MIN_VALUE;
    private int numWithDeadline;

    /** What the classes of this package share. */
    record Parts(SchedulerConfig config, DecodeSlots slots, SequenceMemory memory, Admission admission,
            RunningList running, WaitingQueue waiting, SchedulerStats stats) {}

    /** @throws InputException if the KV blocks do not hold one sequence of {@code maxModelLen} tokens */
    public Scheduler(ModelLimits limits, SchedulerConfig config) {
        if (limits.maxBlocksPerSeq() > limits.numKvBlocks()) {
            throw new InputException("max_model_len " + limits.maxModelLen() + " needs " + limits.maxBlocksPerSeq()
                    + " KV blocks and there are " + limits.numKvBlocks() + ": lower it to "
                    + limits.numKvBlocks() * ModelLimits.BLOCK_TOKENS);
        }
        this.limits = limits;
        for (int i = 0; i < steps.length; i++) {
            steps[i] = new Step(limits);
        }
        slots = new DecodeSlots(limits, steps);
        memory = new SequenceMemory(limits, config, slots);
        running = new RunningList(limits.maxNumSeqs());
        waiting = new WaitingQueue();
        stats = new SchedulerStats();
        parts = new Parts(config, slots, memory, new Admission(limits, config, memory), running, waiting, stats);
        planner = new StepPlanner(parts, new Preemption(parts));
        touched = new OutputQueue[MAX_FRONTS];
    }

    /** Fronts whose output one step can touch before the first of them is published. */
    private static final int MAX_FRONTS = 64;

    /** Why a request can never run under these limits. */
    public Rejection refusal(Request request) {
        return Rejection.of(request, limits);
    }

    /** Takes over a request that {@link #refusal} lets pass. */
    public void submit(Request request) {
        request.order = numSubmitted++;
        request.isQueued = true;
        stats.numQueuedRequests++;
        if (request.options().deadlineNs() != Request.NO_DEADLINE) {
            numWithDeadline++;
        }
        request.leader.state = State.WAITING;
        waiting.add(request.leader);
    }

    /** Ends a request, or one choice of it, for good; does nothing if it has ended. */
    public void abort(Request request, int choice) {
        if (request.order != Request.NOT_SUBMITTED) {
            finish(request.sequences[choice], FinishReason.ABORT, -1);
            publish();
            updateGauges();
        }
    }

    /** Ends all choices of a request. */
    public void abort(Request request) {
        if (request.order != Request.NOT_SUBMITTED) {
            endAll(request, FinishReason.ABORT);
            publish();
            updateGauges();
        }
    }

    private void endAll(Request request, FinishReason reason) {
        request.isForked = true;
        for (Sequence sequence : request.sequences) {
            finish(sequence, reason, -1);
        }
    }

    /** Ends everything; the steps in flight are forgotten. */
    public void failAll(FinishReason reason) {
        while (running.size() > 0) {
            endAll(running.at(0).request, reason);
            running.compact();
        }
        while (waiting.size() > 0) {
            endAll(waiting.first().request, reason);
        }
        for (; numProcessed < numPlanned; numProcessed++) {
            Step step = steps[(int) (numProcessed % steps.length)];
            for (int row = 0; row < step.batch().numLogits(); row++) {
                // Null only if giving the slot back has failed as well: then its front gets its end all the same.
                Sequence sequence = step.leaver(step.batch().logitConvSlot(row));
                if (sequence != null) {
                    sequence.output.unreserve(rowWords(sequence, step.batch(), row));
                }
            }
            step.forgetLeavers();
        }
        publish();
    }

    /** Forgets all cached prefixes. */
    public void resetPrefixCache() {
        memory.cache().reset();
    }

    /** Tells a listener of all cached prefixes, and of what becomes of them; null ends that. */
    public void listen(BlockListener listener) {
        memory.cache().listen(listener);
    }

    /** Whether no request is left and no step in flight. */
    public boolean isIdle() {
        return running.numRunning() == 0 && waiting.size() == 0 && numPlanned == numProcessed;
    }

    /** Steps that were planned and not processed. */
    public int numInFlight() {
        return (int) (numPlanned - numProcessed);
    }

    /** Requests of which no sequence has ever been admitted. */
    public int numQueuedRequests() {
        return stats.numQueuedRequests;
    }

    public SchedulerStats stats() {
        return stats;
    }

    /** The limits it plans for. */
    public ModelLimits limits() {
        return limits;
    }

    /**
     * Plans the next step. Unless it is empty, it must be launched, and its result handed to {@link #process}.
     *
     * @param nowNs engine time, for deadlines
     */
    public Step schedule(long nowNs) {
        if (numInFlight() == steps.length) {
            throw new IllegalStateException(steps.length + " steps are in flight");
        }
        if (numWithDeadline > 0 && nowNs >= nextDeadlineCheckNs) {
            endLate(nowNs);
            nextDeadlineCheckNs = nowNs + DEADLINE_INTERVAL_NS;
        }
        Step step = steps[(int) (numPlanned % steps.length)];
        planner.plan(step, numPlans++, nowNs);
        if (!step.isEmpty()) {
            numPlanned++;
            stats.numSteps++;
        }
        updateGauges();
        return step;
    }

    private void endLate(long nowNs) {
        for (int i = 0; i < running.size(); i++) {
            if (running.at(i).deadlineNs <= nowNs) {
                endAll(running.at(i).request, FinishReason.DEADLINE);
            }
        }
        running.compact();
        Sequence sequence = waiting.first();
        while (sequence != null) {
            Sequence next = waiting.after(sequence);
            if (sequence.deadlineNs <= nowNs) {
                while (next != null && next.request == sequence.request) {
                    next = waiting.after(next);
                }
                endAll(sequence.request, FinishReason.DEADLINE);
            }
            sequence = next;
        }
        publish();
    }

    /** Takes the result of the oldest step in flight. */
    public void process(StepResult result) {
        Step step = steps[(int) (numProcessed % steps.length)];
        ForwardBatch batch = step.batch();
        int numRows = batch.numLogits();
        if (numProcessed == numPlanned || result.numRows() != numRows) {
            throw new IllegalStateException("a result of " + result.numRows() + " rows for a step of " + numRows);
        }
        long numOutputTokens = stats.numOutputTokens;
        for (int row = 0; row < numRows; row++) {
            int slot = batch.logitConvSlot(row);
            if (batch.isScored(row) || step.leaver(slot) != null) {
                takeOther(step, result, row);
            } else {
                takeToken(slot, result, row);
            }
        }
        parts.admission().written(stats.numOutputTokens - numOutputTokens);
        step.forgetLeavers();
        numProcessed++;
        publish();
        updateGauges();
    }

    private static int rowWords(Sequence sequence, ForwardBatch batch, int row) {
        return batch.isScored(row) ? OutputQueue.rowWords(batch.scoreTopLogprobs(row)) : sequence.rowWords;
    }

    /** A row of a prompt's log probabilities, or of a sequence that has left its conv slot meanwhile. */
    private void takeOther(Step step, StepResult result, int row) {
        ForwardBatch batch = step.batch();
        int slot = batch.logitConvSlot(row);
        Sequence leaver = step.leaver(slot);
        Sequence sequence = leaver == null ? slots.owner(slot) : leaver;
        sequence.output.unreserve(rowWords(sequence, batch, row));
        if (batch.isScored(row)) {
            takeScore(sequence, result, row);
        } else if (sequence.state == State.FINISHED) {
            stats.numDiscardedRows++;
        } else {
            takeTokenOfPreempted(sequence, result, row);
        }
    }

    private void takeScore(Sequence sequence, StepResult result, int row) {
        Request request = sequence.request;
        if (request.numUnfinished > 0) {
            request.numReported++;
            request.output().writePromptLogprobs(request.id(), request.numReported, result, row);
            touch(request.output());
        }
    }

    private void takeTokenOfPreempted(Sequence sequence, StepResult result, int row) {
        int tokenId = result.tokenId(row);
        sequence.tokenIds[sequence.numTokens++] = tokenId;
        sequence.numToPrefill = sequence.numTokens;
        stats.numOutputTokens++;
        if (isEnd(tokenId, sequence.endTokenIds)) {
            finish(sequence, FinishReason.STOP, tokenId);
            return;
        }
        if (!follows(sequence, tokenId)) {
            return;
        }
        write(sequence.output, sequence.request.id(), sequence.choice, result, row, sequence.rowWords);
        if (sequence.numOutput() >= sequence.maxTokens || sequence.numTokens >= limits.maxModelLen()) {
            finish(sequence, FinishReason.LENGTH, -1);
        }
    }

    /** Whether a token is one that the demanded form permits; ends the sequence if it is not. */
    private boolean follows(Sequence sequence, int tokenId) {
        if (sequence.grammar == null) {
            return true;
        }
        sequence.grammar = sequence.grammar.after(tokenId);
        if (sequence.grammar == null) {
            // A runner that does not heed its masks: better no output than one that was not asked for.
            finish(sequence, FinishReason.ERROR, -1);
            return false;
        }
        return true;
    }

    /** The next token of the sequence that decodes in a conv slot. */
    private void takeToken(int slot, StepResult result, int row) {
        OutputQueue output = slots.outputs[slot];
        int words = slots.rowWords[slot];
        output.unreserve(words);
        int tokenId = result.tokenId(row);
        int position = slots.numTokens[slot];
        slots.addToken(slot, position, tokenId);
        stats.numOutputTokens++;
        int numTokens = position + 1;
        if (numTokens % ModelLimits.BLOCK_TOKENS == 0) {
            memory.completeBlock(slot, numTokens);
        }
        if (isEnd(tokenId, slots.endTokenIds[slot])) {
            finish(slots.owner(slot), FinishReason.STOP, tokenId);
            return;
        }
        if (slots.blockSlots[slot] == DecodeSlots.NO_BLOCK && !follows(slots.owner(slot), tokenId)) {
            return;
        }
        write(output, slots.requestIds[slot], slots.choices[slot], result, row, words);
        if (numTokens >= slots.endLengths[slot]) {
            finish(slots.owner(slot), FinishReason.LENGTH, -1);
        } else if (numTokens % ModelLimits.BLOCK_TOKENS < 2) {
            Sequence sequence = slots.owner(slot);
            slots.save(sequence);
            memory.commit(sequence);
        }
    }

    private void write(OutputQueue output, long requestId, int choice, StepResult result, int row, int words) {
        if (words == OutputQueue.TOKEN_WORDS) {
            output.writeToken(requestId, choice, result.tokenId(row));
        } else {
            output.writeTokenLogprobs(requestId, choice, result, row);
        }
        touch(output);
    }

    private static boolean isEnd(int tokenId, int[] endTokenIds) {
        for (int end : endTokenIds) {
            if (end == tokenId) {
                return true;
            }
        }
        return false;
    }

    private void finish(Sequence sequence, FinishReason reason, int stopTokenId) {
        State state = sequence.state;
        if (state == State.FINISHED) {
            return;
        }
        slots.save(sequence);
        // First what the front waits for: nothing that fails below may keep it from its end.
        sequence.state = State.FINISHED;
        sequence.output.writeFinish(sequence, reason, stopTokenId);
        touch(sequence.output);
        if (state == State.WAITING) {
            waiting.remove(sequence);
            if (sequence.isSwapped()) {
                memory.releaseHost(sequence);
                stats.numSwapped--;
            }
        } else if (state == State.PREFILL || state == State.DECODE) {
            running.left();
            memory.commit(sequence);
            memory.release(sequence);
        }
        sequence.tokenIds = new int[0];
        if (reason == FinishReason.STOP || reason == FinishReason.LENGTH) {
            parts.admission().ended(sequence.numOutput());
        } else {
            parts.admission().cutOff(sequence.numOutput());
        }
        stats.numFinished++;
        leave(sequence);
    }

    /** Hands the prompt to another choice if it was this one's to compute, and counts the request out at its end. */
    private void leave(Sequence sequence) {
        Request request = sequence.request;
        request.numUnfinished--;
        if (request.numUnfinished == 0) {
            stats.numQueuedRequests -= request.isQueued ? 1 : 0;
            numWithDeadline -= request.options().deadlineNs() == Request.NO_DEADLINE ? 0 : 1;
        } else if (sequence == request.leader && !request.isForked) {
            for (Sequence choice : request.sequences) {
                if (choice.state == State.PENDING) {
                    request.leader = choice;
                    choice.takePrompt();
                    choice.state = State.WAITING;
                    waiting.add(choice);
                    return;
                }
            }
        }
    }

    private void touch(OutputQueue output) {
        if (output.isTouched) {
            return;
        }
        if (numTouched == touched.length) {
            publish();
        }
        output.isTouched = true;
        touched[numTouched++] = output;
    }

    private void publish() {
        for (int i = 0; i < numTouched; i++) {
            touched[i].isTouched = false;
            touched[i].publish();
            touched[i] = null;
        }
        numTouched = 0;
    }

    /**
     * Checks that everything that sequences hold adds up with the pools. Slow: for tests and simulations, between
     * steps.
     *
     * @throws IllegalStateException naming what does not add up
     */
    public void checkIntegrity() {
        new IntegrityCheck(memory, slots).run(running, waiting);
    }

    Parts parts() {
        return parts;
    }

    private void updateGauges() {
        stats.numRunning = running.numRunning();
        stats.numWaiting = waiting.size();
        stats.numBlocksInUse = memory.cache().numInUse();
        stats.numBlocksCached = memory.cache().numCached();
        stats.numSnapshots = memory.cache().numKeptSnapshots();
        stats.numEvictedBlocks = memory.cache().numEvictions();
    }
}
