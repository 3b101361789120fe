package io.penstock.scheduler;

import io.penstock.runtime.ForwardBatch;

/** Counts what all sequences hold and compares it with what the pools say. For tests and the simulator: slow. */
final class IntegrityCheck {
    private final SequenceMemory memory;
    private final DecodeSlots slots;
    private final int[] owners;
    private int numPins;
    private int numRunning;
    private long numPromised;

    IntegrityCheck(SequenceMemory memory, DecodeSlots slots) {
        this.memory = memory;
        this.slots = slots;
        owners = new int[memory.limits().numKvBlocks()];
    }

    /** @throws IllegalStateException naming what does not add up */
    void run(RunningList running, WaitingQueue waiting) {
        memory.cache().checkIntegrity();
        for (int i = 0; i < running.size(); i++) {
            if (running.at(i).isRunning()) {
                count(running.at(i));
            }
        }
        for (int block = 0; block < owners.length; block++) {
            requireEqual("owners of KV block " + block, owners[block], memory.cache().refCount(block));
        }
        requireEqual("sequences that run", numRunning, running.numRunning());
        requireEqual("conv slots in use", numRunning, memory.limits().numConvSlots() - memory.numFreeSlots());
        requireEqual("conv slots with an owner", numRunning, numOwned());
        requireEqual("promised KV blocks", numPromised, memory.numPromised());
        requireEqual("snapshots pinned", numPins, memory.cache().numSnapshotPins());
        countSwapped(waiting);
    }

    private void count(Sequence sequence) {
        numRunning++;
        for (int i = 0; i < sequence.numBlocks; i++) {
            owners[sequence.blocks[i]]++;
        }
        numPromised += Math.max(0, sequence.expectedBlocks - sequence.numBlocks);
        numPins += sequence.initialSnapshot == ForwardBatch.NO_SNAPSHOT ? 0 : 1;
        numPins += sequence.writtenSnapshot == ForwardBatch.NO_SNAPSHOT ? 0 : 1;
    }

    private int numOwned() {
        int numOwned = 0;
        for (int slot = 0; slot < memory.limits().numConvSlots(); slot++) {
            Sequence owner = slots.owner(slot);
            if (owner != null) {
                requireEqual("conv slot of the owner of slot " + slot, owner.convSlot, slot);
                numOwned++;
            } else {
                requireEqual("tokens to decode in free conv slot " + slot, 0, slots.endLengths[slot]);
            }
        }
        return numOwned;
    }

    private void countSwapped(WaitingQueue waiting) {
        int numSlots = 0;
        int numBlocks = 0;
        int numWaiting = 0;
        for (Sequence sequence = waiting.first(); sequence != null; sequence = waiting.after(sequence)) {
            numWaiting++;
            numSlots += sequence.isSwapped() ? 1 : 0;
            numBlocks += sequence.hostBlocks.length;
        }
        requireEqual("sequences that wait", numWaiting, waiting.size());
        requireEqual("swap slots in use", numSlots, memory.limits().numSwapSlots() - memory.numFreeHostSlots());
        requireEqual("swap blocks in use", numBlocks, memory.limits().numSwapBlocks() - memory.numFreeHostBlocks());
    }

    private static void requireEqual(String what, long counted, long recorded) {
        if (counted != recorded) {
            throw new IllegalStateException(what + ": counted " + counted + ", recorded " + recorded);
        }
    }
}
