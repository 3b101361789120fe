package io.penstock.scheduler;

import io.penstock.runtime.ForwardBatch;
import io.penstock.scheduler.Sequence.State;

/**
 * Who gives way when memory runs out: the youngest of the lowest priority that is not part of the step being planned.
 * Its blocks and conv state go to host memory while there is room; else it computes again what the prefix cache has
 * lost by then.
 */
final class Preemption {
    private final DecodeSlots slots;
    private final SequenceMemory memory;
    private final Admission admission;
    private final RunningList running;
    private final WaitingQueue waiting;
    private final SchedulerStats stats;

    Preemption(Scheduler.Parts parts) {
        slots = parts.slots();
        memory = parts.memory();
        admission = parts.admission();
        running = parts.running();
        waiting = parts.waiting();
        stats = parts.stats();
    }

    /**
     * The next to give way, or null when all are in this step.
     *
     * @param first where in the list of running sequences those begin that may
     */
    Sequence victim(int first, ForwardBatch batch) {
        for (int i = running.size() - 1; i >= first; i--) {
            Sequence sequence = running.at(i);
            if (sequence.isRunning() && !batch.hasConvSlot(sequence.convSlot)) {
                return sequence;
            }
        }
        return null;
    }

    /** Takes a running sequence's memory and puts it back in the queue, where it was. */
    void preempt(Sequence sequence, long stepIndex, ForwardBatch batch) {
        slots.save(sequence);
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
