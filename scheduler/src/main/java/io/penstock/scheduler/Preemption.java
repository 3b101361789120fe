package io.penstock.scheduler;

import io.penstock.runtime.ForwardBatch;
import io.penstock.scheduler.Sequence.State;

/**
 * Who gives way when memory runs out: the youngest of the lowest priority that is not part of the step being planned.
 * Its blocks and conv state go to host memory while there is room; else it computes again what the prefix cache has
 * lost by then.
 */
final class Preemption {
    private final SequenceMemory memory;
    private final Admission admission;
    private final RunningList running;
    private final WaitingQueue waiting;
    private final SchedulerStats stats;

    Preemption(Scheduler.Parts parts) {
        memory = parts.memory();
        admission = parts.admission();
        running = parts.running();
        waiting = parts.waiting();
        stats = parts.stats();
    }

    /** The next to give way, or null when all that run are in this step. */
    Sequence victim(long stepIndex) {
        for (int i = running.size() - 1; i >= 0; i--) {
            Sequence sequence = running.at(i);
            if (sequence.isRunning() && sequence.scheduledStep != stepIndex) {
                return sequence;
            }
        }
        return null;
    }

    /** Takes a running sequence's memory and puts it back in the queue, where it was. */
    void preempt(Sequence sequence, long stepIndex, ForwardBatch batch) {
        int[] tokenIds = memory.gatherTokens(sequence);
        sequence.wasDecoding = sequence.state == State.DECODE;
        if (memory.canSwapOut(sequence, batch)) {
            memory.swapOut(sequence, batch);
            stats.numPreemptionsBySwap++;
            stats.numSwapped++;
        } else {
            stats.numPreemptionsByRecompute++;
        }
        sequence.numComputedBefore = Math.max(sequence.numComputedBefore, sequence.numScheduled);
        memory.commit(sequence);
        memory.release(sequence);
        running.left();
        sequence.tokenIds = tokenIds;
        sequence.numToPrefill = sequence.numTokens;
        sequence.numPreemptions++;
        sequence.preemptedStep = stepIndex;
        sequence.state = State.WAITING;
        waiting.add(sequence);
        admission.throttle();
    }
}
