package io.penstock.scheduler;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.scheduler.memory.BlockTokens;
import io.penstock.scheduler.memory.PrefixHit;

/**
 * Who gets in. A sequence is admitted when the blocks that it is predicted to need in the end are there beside those
 * that the running ones are predicted to need; when nothing runs, the first one gets in whatever is predicted.
 */
final class Admission {
    private final ModelLimits limits;
    private final SchedulerConfig config;
    private final SequenceMemory memory;
    private final LengthPredictor predictor;
    private final PrefixHit hit;
    private final int lowWatermark;
    private final int highWatermark;
    private boolean isThrottled;

    Admission(ModelLimits limits, SchedulerConfig config, SequenceMemory memory) {
        this.limits = limits;
        this.config = config;
        this.memory = memory;
        predictor = new LengthPredictor(config.initialOutputTokens());
        hit = new PrefixHit(limits.maxBlocksPerSeq());
        lowWatermark = (int) (config.watermarks().low() * limits.numKvBlocks());
        highWatermark = (int) (config.watermarks().high() * limits.numKvBlocks());
    }

    /** What {@link #match} found last. */
    PrefixHit hit() {
        return hit;
    }

    /** Looks up what of a waiting sequence is computed; nothing for a swapped one, which has all that it had. */
    void match(Sequence sequence) {
        int maxTokens = maxHitTokens(sequence);
        int numKeys = sequence.numToPrefill / ModelLimits.BLOCK_TOKENS;
        if (maxTokens >= ModelLimits.BLOCK_TOKENS && sequence.blockKeys.length != numKeys) {
            sequence.blockKeys = BlockTokens.keys(
                    sequence.request.options().cacheSalt(), sequence.tokenIds, sequence.numToPrefill);
        }
        memory.cache().match(sequence.request.options().cacheSalt(), sequence.blockKeys, sequence.tokenIds, maxTokens,
                hit);
    }

    /** Whether the next snapshot of a running sequence makes a longer hit than {@link #match} found. */
    boolean wouldHit(Sequence sequence, Sequence prefilling) {
        int index = prefilling.nextSnapshotBlock;
        return index >= hit.numBlocks() && index < maxHitTokens(sequence) / ModelLimits.BLOCK_TOKENS
                && prefilling.blockKeys[index] == sequence.blockKeys[index];
    }

    /** One token at least is left to compute; all are where the prompt's log probabilities are still wanted. */
    int maxHitTokens(Sequence sequence) {
        Request request = sequence.request;
        boolean isScored = request.options().promptLogprobs() == Request.NO_PROMPT_LOGPROBS
                || request.numScored >= request.promptLength() - 1;
        boolean isUsable = config.prefixCaching() && !sequence.isSwapped() && isScored;
        return isUsable ? sequence.numToPrefill - 1 : 0;
    }

    /** Blocks that a sequence is expected to hold in the end. */
    int expectedBlocks(Sequence sequence) {
        long output = predictor.expectedOutput(sequence.numOutput(), sequence.maxTokens);
        return ModelLimits.blocksFor(
                (int) Math.min(limits.maxModelLen(), sequence.request.promptLength() + output));
    }

    /**
     * Whether there is room for a sequence now and in the end.
     *
     * @param numFirst tokens that it computes first, counted from its first token
     */
    boolean hasRoom(Sequence sequence, int numFirst, RunningList running, ForwardBatch batch) {
        int numHeld = hit.numBlocks() - hit.numUnreferenced();
        int numNow = sequence.isSwapped()
                ? Math.max(sequence.hostBlocks.length, ModelLimits.blocksFor(numFirst))
                : ModelLimits.blocksFor(numFirst) - numHeld;
        // While a partial block is copied, it is held beside its copy.
        int numCopied = hit.numPartialTokens() > 0 ? 1 : 0;
        if (memory.cache().numAvailable() < numNow + numCopied || batch.copyRoom() < numCopied
                || batch.blockUpdateRoom() < ModelLimits.blocksFor(numFirst)
                || sequence.isSwapped() && !memory.canSwapIn(sequence, batch)) {
            return false;
        }
        return running.size() == 0 || hasPredictedRoom(expectedBlocks(sequence) - numHeld);
    }

    private boolean hasPredictedRoom(int numBlocks) {
        int watermark = isThrottled ? highWatermark : lowWatermark;
        if (memory.numUnpromised() - numBlocks < watermark) {
            return false;
        }
        isThrottled = false;
        return true;
    }

    /** Room for one more choice of a prompt that another one computes. */
    boolean hasRoomForFork(Sequence leader, ForwardBatch batch) {
        int numShared = leader.numToPrefill / ModelLimits.BLOCK_TOKENS;
        return memory.cache().numAvailable() > 0 && batch.blockUpdateRoom() > numShared
                && hasPredictedRoom(expectedBlocks(leader) - numShared);
    }

    /** A running sequence has as many blocks as were expected, and needs another one. */
    void renewPromise(Sequence sequence) {
        memory.promise(sequence, expectedBlocks(sequence));
    }

    void written(long numTokens) {
        predictor.written(numTokens);
    }

    void cutOff(int numOutputTokens) {
        predictor.cutOff(numOutputTokens);
    }

    void ended(int numOutputTokens) {
        predictor.ended(numOutputTokens);
    }

    /** Memory ran out: admit again only when the higher watermark is free. */
    void throttle() {
        isThrottled = true;
    }
}
