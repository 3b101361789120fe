package io.penstock.runtime;

import java.util.Arrays;

/**
 * One step's work: a ragged batch of sequences, each with one token (decode) or a chunk of its prompt (prefill), and
 * the copies of memory that come before it. Filled in place by one thread, read by the runner; sized once from
 * {@link ModelLimits}. A call that does not fit throws and leaves the batch as it was.
 *
 * <p>Sequence {@code s} owns the batch tokens {@code cuSeqlensQ[s]} until {@code cuSeqlensQ[s + 1]}, which are the
 * last ones of its {@code seqLensK[s]} tokens of context. Token {@code t} is at {@code positions[t]} of its sequence
 * and its keys and values go to {@code slotMapping[t]} (block x 64 + offset). Attention finds the sequence's earlier
 * keys through the runner's {@link BlockTables}, of which the batch brings what changed ({@link #setBlock}); the
 * convolution finds its history in {@code convSlots[s]}.
 *
 * <p>Usage a step: {@link #clear}; then copies, block updates and sequences with their options, in any order; then
 * launch. The step does the copies, applies the block updates, and computes.
 */
public final class ForwardBatch {
    /** As a token id: the token that this sequence's conv slot sampled last, known only to the runner. */
    public static final int LAST_SAMPLED = -1;

    /** No snapshot to start from. */
    public static final int NO_SNAPSHOT = -1;

    private static final int NO_TARGET = -1;

    /** What a copy moves: a KV block over all attention layers, or a conv slot's state over all conv layers. */
    public enum Copy {
        /** From a KV block to another. */
        BLOCK,
        /** From a KV block to a swap block of the host. */
        BLOCK_TO_HOST,
        /** From a swap block of the host to a KV block. */
        BLOCK_FROM_HOST,
        /** From a conv slot to a swap slot of the host. */
        SLOT_TO_HOST,
        /** From a swap slot of the host to a conv slot. */
        SLOT_FROM_HOST
    }

    private final ModelLimits limits;
    private final BatchBounds bounds;
    private final int[] tokenIds;
    private final int[] positions;
    private final int[] slotMapping;
    private final int[] cuSeqlensQ;
    private final int[] seqLensK;
    private final int[] convSlots;
    private final int[] initialSnapshots;
    private final int[] updateConvSlots;
    private final int[] updateIndices;
    private final int[] updateBlocks;
    private final Copy[] copyKinds;
    private final int[] copyFrom;
    private final int[] copyTo;
    private final int[] logitTokens;
    private final int[] logitSeqs;
    private final int[] logitConvSlots;
    private final boolean[] logitSampled;
    private final int[] scoreTargets;
    private final int[] scoreTopLogprobs;
    private final int[] logitMasks;
    private final TokenMasks masks;
    private final int[] snapshotTokens;
    private final int[] snapshotSlots;
    private int numSeqs;
    private int numBlockUpdates;
    private int numCopies;
    private int numLogits;
    private int numSnapshots;

    public ForwardBatch(ModelLimits limits) {
        this.limits = limits;
        bounds = new BatchBounds(limits);
        int maxTokens = limits.maxNumBatchedTokens();
        int maxSeqs = limits.maxNumSeqs();
        tokenIds = new int[maxTokens];
        positions = new int[maxTokens];
        slotMapping = new int[maxTokens];
        cuSeqlensQ = new int[maxSeqs + 1];
        seqLensK = new int[maxSeqs];
        convSlots = new int[maxSeqs];
        initialSnapshots = new int[maxSeqs];
        int maxCopies = limits.maxNumCopies();
        int maxUpdates = limits.maxNumBlockUpdates();
        updateConvSlots = new int[maxUpdates];
        updateIndices = new int[maxUpdates];
        updateBlocks = new int[maxUpdates];
        copyKinds = new Copy[maxCopies];
        copyFrom = new int[maxCopies];
        copyTo = new int[maxCopies];
        int maxLogits = limits.maxNumLogits();
        logitTokens = new int[maxLogits];
        logitSeqs = new int[maxLogits];
        logitConvSlots = new int[maxLogits];
        logitSampled = new boolean[maxLogits];
        scoreTargets = new int[maxLogits];
        scoreTopLogprobs = new int[maxLogits];
        logitMasks = new int[maxLogits];
        masks = new TokenMasks(limits.masks());
        snapshotTokens = new int[maxTokens];
        snapshotSlots = new int[maxTokens];
    }

    /** Empties the batch for the next step. */
    public void clear() {
        bounds.clear();
        numSeqs = 0;
        numBlockUpdates = 0;
        numCopies = 0;
        numLogits = 0;
        numSnapshots = 0;
        masks.clear();
    }

    /**
     * Adds {@code numTokens} tokens of a sequence that has {@code numComputedTokens} tokens in its blocks already.
     *
     * @param convSlot the sequence's slot for convolution state, block table and sampling history; once in a batch
     * @param ids token ids, of which {@code idsFrom} is the first to compute; may be {@link #LAST_SAMPLED}
     * @param blocks the sequence's KV blocks in order, as in its block table; must cover all tokens up to the last
     *     added one
     * @return the index of the sequence in this batch
     */
    public int addSequence(int convSlot, int[] ids, int idsFrom, int numTokens, int numComputedTokens, int[] blocks) {
        int first = cuSeqlensQ[numSeqs];
        int length = numComputedTokens + numTokens;
        requireRoom(convSlot, numTokens);
        if (numComputedTokens < 0 || length > limits.maxModelLen() || ModelLimits.blocksFor(length) > blocks.length) {
            throw new IllegalArgumentException(numTokens + " tokens behind " + numComputedTokens + " with "
                    + blocks.length + " blocks do not fit " + limits);
        }
        for (int i = 0; i < numTokens; i++) {
            int position = numComputedTokens + i;
            int block = blocks[position / ModelLimits.BLOCK_TOKENS];
            BatchBounds.requireIndex("KV block", block, limits.numKvBlocks());
            tokenIds[first + i] = ids[idsFrom + i];
            positions[first + i] = position;
            slotMapping[first + i] = block * ModelLimits.BLOCK_TOKENS + position % ModelLimits.BLOCK_TOKENS;
        }
        return append(convSlot, length, first + numTokens);
    }

    /**
     * Adds one token of a sequence that has {@code position} tokens in its blocks already.
     *
     * @param tokenId may be {@link #LAST_SAMPLED}
     * @param slot where its keys and values go: block x 64 + offset
     * @return the index of the sequence in this batch
     */
    public int addDecode(int convSlot, int tokenId, int position, int slot) {
        int token = cuSeqlensQ[numSeqs];
        requireRoom(convSlot, 1);
        bounds.requireSlot(position, slot);
        tokenIds[token] = tokenId;
        positions[token] = position;
        slotMapping[token] = slot;
        return append(convSlot, position + 1, token + 1);
    }

    /**
     * Adds the first {@code numDecodes} sequences of three arrays at once: for each what {@link #addDecode} with
     * {@link #LAST_SAMPLED} and {@link #sample(int)} do. Thousands cost no more than the memory they fill.
     */
    public void addDecodes(int numDecodes, int[] decodeSlots, int[] decodePositions, int[] decodeKvSlots) {
        int seq = numSeqs;
        int token = numTokens();
        int row = numLogits;
        bounds.requireRoom(numDecodes, numDecodes, seq, token);
        if (numDecodes > logitRoom()) {
            throw new IllegalStateException("no room for " + numDecodes + " rows of logits beside " + row);
        }
        bounds.runAndSample(numDecodes, decodeSlots, decodePositions, decodeKvSlots);
        Arrays.fill(tokenIds, token, token + numDecodes, LAST_SAMPLED);
        System.arraycopy(decodePositions, 0, positions, token, numDecodes);
        System.arraycopy(decodeKvSlots, 0, slotMapping, token, numDecodes);
        System.arraycopy(decodeSlots, 0, convSlots, seq, numDecodes);
        System.arraycopy(decodeSlots, 0, logitConvSlots, row, numDecodes);
        Arrays.fill(initialSnapshots, seq, seq + numDecodes, NO_SNAPSHOT);
        Arrays.fill(logitSampled, row, row + numDecodes, true);
        Arrays.fill(scoreTargets, row, row + numDecodes, NO_TARGET);
        Arrays.fill(scoreTopLogprobs, row, row + numDecodes, 0);
        Arrays.fill(logitMasks, row, row + numDecodes, TokenMasks.NO_MASK);
        System.arraycopy(decodePositions, 0, seqLensK, seq, numDecodes);
        for (int i = seq; i < seq + numDecodes; i++) {
            seqLensK[i]++;
        }
        fillRising(cuSeqlensQ, seq + 1, numDecodes, token + 1);
        fillRising(logitTokens, row, numDecodes, token);
        fillRising(logitSeqs, row, numDecodes, seq);
        numSeqs += numDecodes;
        numLogits += numDecodes;
    }

    private static void fillRising(int[] values, int from, int count, int first) {
        for (int i = 0; i < count; i++) {
            values[from + i] = first + i;
        }
    }

    /** Whether a conv slot's sequence runs, or samples, in this batch. */
    public boolean hasConvSlot(int convSlot) {
        return bounds.hasConvSlot(convSlot);
    }

    private void requireRoom(int convSlot, int numTokens) {
        bounds.requireRoom(1, numTokens, numSeqs, numTokens());
        bounds.requireIdle(convSlot);
    }

    private int append(int convSlot, int length, int end) {
        int seq = numSeqs++;
        seqLensK[seq] = length;
        convSlots[seq] = convSlot;
        initialSnapshots[seq] = NO_SNAPSHOT;
        bounds.run(convSlot);
        cuSeqlensQ[seq + 1] = end;
        return seq;
    }

    /** From this step on, the {@code index}-th KV block of the conv slot's sequence is {@code block}. */
    public void setBlock(int convSlot, int index, int block) {
        BatchBounds.requireIndex("conv slot", convSlot, limits.numConvSlots());
        BatchBounds.requireIndex("block index", index, limits.maxBlocksPerSeq());
        BatchBounds.requireIndex("KV block", block, limits.numKvBlocks());
        if (blockUpdateRoom() == 0) {
            throw new IllegalStateException("no room for a block update beside " + numBlockUpdates);
        }
        updateConvSlots[numBlockUpdates] = convSlot;
        updateIndices[numBlockUpdates] = index;
        updateBlocks[numBlockUpdates] = block;
        numBlockUpdates++;
    }

    /** Block updates that still fit. */
    public int blockUpdateRoom() {
        return updateBlocks.length - numBlockUpdates;
    }

    /** Copies before the step's compute, one after the other in the order of these calls. */
    public void addCopy(Copy kind, int from, int to) {
        if (copyRoom() == 0) {
            throw new IllegalStateException("no room for a copy beside " + numCopies);
        }
        bounds.requireCopy(kind, from, to);
        copyKinds[numCopies] = kind;
        copyFrom[numCopies] = from;
        copyTo[numCopies] = to;
        numCopies++;
    }

    /** Copies that still fit. */
    public int copyRoom() {
        return copyKinds.length - numCopies;
    }

    /** The sequence's convolution history comes from a snapshot (a prefix hit), not from its slot. */
    public void startFromSnapshot(int seq, int snapshot) {
        BatchBounds.requireIndex("sequence", seq, numSeqs);
        BatchBounds.requireIndex("snapshot", snapshot, limits.numSnapshots());
        initialSnapshots[seq] = snapshot;
    }

    /**
     * The conv state after batch token {@code token} is written to {@code snapshot} in passing. Called in rising order
     * of tokens; never with a snapshot that a sequence of the same batch starts from.
     */
    public void writeSnapshot(int token, int snapshot) {
        BatchBounds.requireIndex("token", token, numTokens());
        BatchBounds.requireIndex("snapshot", snapshot, limits.numSnapshots());
        if (numSnapshots == snapshotTokens.length
                || numSnapshots > 0 && snapshotTokens[numSnapshots - 1] > token) {
            throw new IllegalStateException("a snapshot after token " + token + " behind " + numSnapshots
                    + " others: at most " + snapshotTokens.length + ", in rising order of tokens");
        }
        snapshotTokens[numSnapshots] = token;
        snapshotSlots[numSnapshots] = snapshot;
        numSnapshots++;
    }

    /** The next token of this sequence is sampled from the logits of its last token in the batch. */
    public void sample(int seq) {
        BatchBounds.requireIndex("sequence", seq, numSeqs);
        sample(seq, convSlots[seq]);
    }

    /**
     * A token is sampled from the logits of this sequence's last token in the batch by the sampling state of another
     * conv slot, which takes it as its next: the first token of a fork of one prompt.
     *
     * @param convSlot started like the slot of any sequence; samples once in a batch
     */
    public void sample(int seq, int convSlot) {
        BatchBounds.requireIndex("sequence", seq, numSeqs);
        bounds.requireUnsampled(convSlot);
        int row = addLogits(seq, cuSeqlensQ[seq + 1] - 1);
        logitConvSlots[row] = convSlot;
        logitSampled[row] = true;
        bounds.sample(convSlot);
    }

    /** Of a sampled row's tokens only those of a mask may be drawn; {@link TokenMasks#NO_MASK} permits all. */
    public void setMask(int row, int mask) {
        if (row < 0 || row >= numLogits || !logitSampled[row] || mask < TokenMasks.NO_MASK
                || mask >= masks.numMasks()) {
            throw new IllegalArgumentException("mask " + mask + " of " + masks.numMasks() + " for row " + row
                    + ", which must be sampled");
        }
        logitMasks[row] = mask;
    }

    /**
     * Log probability and rank of a given token, and the most likely tokens, from the logits of one batch token: log
     * probabilities of a prompt. Nothing is sampled.
     *
     * @param targetTokenId the token whose log probability is wanted
     * @param numTopLogprobs how many most likely tokens; 0 to {@link SamplingParams#MAX_LOGPROBS}
     */
    public void score(int seq, int token, int targetTokenId, int numTopLogprobs) {
        if (targetTokenId < 0 || numTopLogprobs < 0 || numTopLogprobs > SamplingParams.MAX_LOGPROBS) {
            throw new IllegalArgumentException("token id " + targetTokenId + " with " + numTopLogprobs
                    + " most likely ones of at most " + SamplingParams.MAX_LOGPROBS);
        }
        int row = addLogits(seq, token);
        scoreTargets[row] = targetTokenId;
        scoreTopLogprobs[row] = numTopLogprobs;
    }

    /** Logits of one batch token are computed without sampling from them. */
    public void computeLogits(int seq, int token) {
        addLogits(seq, token);
    }

    private int addLogits(int seq, int token) {
        BatchBounds.requireIndex("sequence", seq, numSeqs);
        if (token < cuSeqlensQ[seq] || token >= cuSeqlensQ[seq + 1]) {
            throw new IllegalArgumentException("token " + token + " is not one of sequence " + seq + ": "
                    + cuSeqlensQ[seq] + " to " + (cuSeqlensQ[seq + 1] - 1));
        }
        if (logitRoom() == 0) {
            throw new IllegalStateException("no room for a row of logits beside " + numLogits);
        }
        int row = numLogits++;
        logitTokens[row] = token;
        logitSeqs[row] = seq;
        logitConvSlots[row] = convSlots[seq];
        logitSampled[row] = false;
        scoreTargets[row] = NO_TARGET;
        scoreTopLogprobs[row] = 0;
        logitMasks[row] = TokenMasks.NO_MASK;
        return row;
    }

    /** Rows of logits that still fit. */
    public int logitRoom() {
        return logitTokens.length - numLogits;
    }

    /** Whether there is nothing to launch: neither tokens nor copies. */
    public boolean isEmpty() {
        return numSeqs == 0 && numCopies == 0;
    }

    public int numSeqs() {
        return numSeqs;
    }

    public int numTokens() {
        return cuSeqlensQ[numSeqs];
    }

    public int numBlockUpdates() {
        return numBlockUpdates;
    }

    public int numCopies() {
        return numCopies;
    }

    /** Rows that run through the LM head. */
    public int numLogits() {
        return numLogits;
    }

    public int numSnapshots() {
        return numSnapshots;
    }

    public int tokenId(int token) {
        return tokenIds[token];
    }

    /** Puts the runner's token where {@link #LAST_SAMPLED} stood. */
    public void resolveToken(int token, int tokenId) {
        tokenIds[token] = tokenId;
    }

    public int position(int token) {
        return positions[token];
    }

    public int slot(int token) {
        return slotMapping[token];
    }

    /** First batch token of a sequence; {@code seq == numSeqs} gives the end of the last. */
    public int firstToken(int seq) {
        return cuSeqlensQ[seq];
    }

    /** Context length of a sequence, this step's tokens included. */
    public int seqLenK(int seq) {
        return seqLensK[seq];
    }

    public int convSlot(int seq) {
        return convSlots[seq];
    }

    /** The snapshot that the sequence's convolution starts from, or {@link #NO_SNAPSHOT}. */
    public int initialSnapshot(int seq) {
        return initialSnapshots[seq];
    }

    /** Conv slot whose block table the {@code i}-th update changes. */
    public int updateConvSlot(int i) {
        return updateConvSlots[i];
    }

    public int updateIndex(int i) {
        return updateIndices[i];
    }

    public int updateBlock(int i) {
        return updateBlocks[i];
    }

    public Copy copyKind(int i) {
        return copyKinds[i];
    }

    public int copyFrom(int i) {
        return copyFrom[i];
    }

    public int copyTo(int i) {
        return copyTo[i];
    }

    /** Batch token whose hidden state the {@code row}-th logits are computed from. */
    public int logitToken(int row) {
        return logitTokens[row];
    }

    public int logitSeq(int row) {
        return logitSeqs[row];
    }

    /** Conv slot whose sampling state chooses; where nothing is sampled, the sequence's own. */
    public int logitConvSlot(int row) {
        return logitConvSlots[row];
    }

    public boolean isSampled(int row) {
        return logitSampled[row];
    }

    /** Index of the mask that a sampled row's token must be in, or {@link TokenMasks#NO_MASK}. */
    public int maskIndex(int row) {
        return logitMasks[row];
    }

    /** This step's token masks, to be added to while the batch is filled. */
    public TokenMasks masks() {
        return masks;
    }

    public boolean isScored(int row) {
        return scoreTargets[row] != NO_TARGET;
    }

    /** The token whose log probability a scored row is about. */
    public int scoreTarget(int row) {
        return scoreTargets[row];
    }

    /** How many most likely tokens a scored row lists. */
    public int scoreTopLogprobs(int row) {
        return scoreTopLogprobs[row];
    }

    public int snapshotToken(int pair) {
        return snapshotTokens[pair];
    }

    public int snapshotSlot(int pair) {
        return snapshotSlots[pair];
    }
}
