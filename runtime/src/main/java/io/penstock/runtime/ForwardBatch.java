package io.penstock.runtime;

/**
 * One step's work: a ragged batch of sequences, each with one token (decode) or a chunk of its prompt (prefill).
 * Filled in place by one thread, read by the runner; sized once from {@link ModelLimits}.
 *
 * <p>Sequence {@code s} owns the batch tokens {@code cuSeqlensQ[s]} until {@code cuSeqlensQ[s + 1]}, which are the
 * last ones of its {@code seqLensK[s]} tokens of context. Token {@code t} is at {@code positions[t]} of its sequence
 * and its keys and values go to {@code slotMapping[t]} (block x 64 + offset). Attention finds the sequence's earlier
 * keys through {@code blockTables}, the convolution its history in {@code convSlots[s]}.
 *
 * <p>Usage a step: {@link #clear}, then for each sequence {@link #addSequence} and its options, then launch.
 */
public final class ForwardBatch {
    /** As a token id: the token that this sequence's conv slot sampled last, known only to the runner. */
    public static final int LAST_SAMPLED = -1;

    /** No snapshot to start from. */
    public static final int NO_SNAPSHOT = -1;

    private final ModelLimits limits;
    private final int[] tokenIds;
    private final int[] positions;
    private final int[] slotMapping;
    private final int[] cuSeqlensQ;
    private final int[] seqLensK;
    private final int[] blockTables;
    private final int[] convSlots;
    private final int[] initialSnapshots;
    private final int[] logitTokens;
    private final int[] logitSeqs;
    private final boolean[] logitSampled;
    private final int[] snapshotTokens;
    private final int[] snapshotSlots;
    private int numSeqs;
    private int numLogits;
    private int numSnapshots;

    public ForwardBatch(ModelLimits limits) {
        this.limits = limits;
        int maxTokens = limits.maxNumBatchedTokens();
        int maxSeqs = limits.maxNumSeqs();
        tokenIds = new int[maxTokens];
        positions = new int[maxTokens];
        slotMapping = new int[maxTokens];
        cuSeqlensQ = new int[maxSeqs + 1];
        seqLensK = new int[maxSeqs];
        blockTables = new int[Math.multiplyExact(maxSeqs, limits.maxBlocksPerSeq())];
        convSlots = new int[maxSeqs];
        initialSnapshots = new int[maxSeqs];
        logitTokens = new int[maxTokens];
        logitSeqs = new int[maxTokens];
        logitSampled = new boolean[maxTokens];
        snapshotTokens = new int[maxTokens];
        snapshotSlots = new int[maxTokens];
    }

    /** Empties the batch for the next step. */
    public void clear() {
        numSeqs = 0;
        numLogits = 0;
        numSnapshots = 0;
        cuSeqlensQ[0] = 0;
    }

    /**
     * Adds {@code numTokens} tokens of a sequence that has {@code numComputedTokens} tokens in its blocks already.
     *
     * @param convSlot the sequence's slot for convolution state and sampling history
     * @param ids token ids, of which {@code idsFrom} is the first to compute; may be {@link #LAST_SAMPLED}
     * @param blocks the sequence's KV blocks in order; must cover all tokens up to the last added one
     * @return the index of the sequence in this batch
     */
    public int addSequence(int convSlot, int[] ids, int idsFrom, int numTokens, int numComputedTokens, int[] blocks) {
        int seq = numSeqs;
        int first = cuSeqlensQ[seq];
        int length = numComputedTokens + numTokens;
        requireRoom(convSlot, numTokens, length, first, blocks.length);
        for (int i = 0; i < numTokens; i++) {
            int position = numComputedTokens + i;
            tokenIds[first + i] = ids[idsFrom + i];
            positions[first + i] = position;
            slotMapping[first + i] =
                    blocks[position / ModelLimits.BLOCK_TOKENS] * ModelLimits.BLOCK_TOKENS
                            + position % ModelLimits.BLOCK_TOKENS;
        }
        System.arraycopy(blocks, 0, blockTables, seq * limits.maxBlocksPerSeq(), ModelLimits.blocksFor(length));
        seqLensK[seq] = length;
        convSlots[seq] = convSlot;
        initialSnapshots[seq] = NO_SNAPSHOT;
        cuSeqlensQ[seq + 1] = first + numTokens;
        numSeqs++;
        return seq;
    }

    private void requireRoom(int convSlot, int numTokens, int length, int first, int numBlocks) {
        if (numSeqs == limits.maxNumSeqs() || first + numTokens > limits.maxNumBatchedTokens() || numTokens < 1) {
            throw new IllegalStateException("no room for a sequence of " + numTokens + " tokens beside " + numSeqs
                    + " sequences with " + first + " tokens in " + limits);
        }
        if (length > limits.maxModelLen() || ModelLimits.blocksFor(length) > numBlocks
                || convSlot < 0 || convSlot >= limits.numConvSlots()) {
            throw new IllegalArgumentException("length " + length + ", " + numBlocks + " blocks, conv slot " + convSlot
                    + " do not fit " + limits);
        }
    }

    /** The sequence's convolution history comes from a snapshot (a prefix hit), not from its slot. */
    public void startFromSnapshot(int seq, int snapshot) {
        initialSnapshots[seq] = snapshot;
    }

    /**
     * The conv state after batch token {@code token} is written to {@code snapshot} in passing. Called in rising order
     * of tokens.
     */
    public void writeSnapshot(int token, int snapshot) {
        snapshotTokens[numSnapshots] = token;
        snapshotSlots[numSnapshots] = snapshot;
        numSnapshots++;
    }

    /** The next token of this sequence is sampled from the logits of its last token in the batch. */
    public void sample(int seq) {
        addLogits(seq, cuSeqlensQ[seq + 1] - 1, true);
    }

    /** Logits of one batch token are computed without sampling from them. */
    public void computeLogits(int seq, int token) {
        addLogits(seq, token, false);
    }

    private void addLogits(int seq, int token, boolean sampled) {
        logitTokens[numLogits] = token;
        logitSeqs[numLogits] = seq;
        logitSampled[numLogits] = sampled;
        numLogits++;
    }

    public int numSeqs() {
        return numSeqs;
    }

    public int numTokens() {
        return cuSeqlensQ[numSeqs];
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

    /** The sequence's {@code index}-th KV block. */
    public int block(int seq, int index) {
        return blockTables[seq * limits.maxBlocksPerSeq() + index];
    }

    public int convSlot(int seq) {
        return convSlots[seq];
    }

    /** The snapshot that the sequence's convolution starts from, or {@link #NO_SNAPSHOT}. */
    public int initialSnapshot(int seq) {
        return initialSnapshots[seq];
    }

    /** Batch token whose hidden state the {@code row}-th logits are computed from. */
    public int logitToken(int row) {
        return logitTokens[row];
    }

    public int logitSeq(int row) {
        return logitSeqs[row];
    }

    public boolean isSampled(int row) {
        return logitSampled[row];
    }

    public int snapshotToken(int pair) {
        return snapshotTokens[pair];
    }

    public int snapshotSlot(int pair) {
        return snapshotSlots[pair];
    }
}
