package io.penstock.runtime;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.ForwardBatch.Copy;
import java.util.Arrays;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.function.Executable;

class ForwardBatchTest {
    /** 3 sequences, 100 tokens a step, 200 tokens (4 blocks) a sequence, 9 blocks, 2 snapshots, 5 swap blocks. */
    private static final ModelLimits LIMITS = new ModelLimits(3, 100, 200, 9, 2, 5);

    private static final int[] IDS = new int[200];
    private static final int[] BLOCKS = {8, 2, 5, 0};

    private final ForwardBatch batch = new ForwardBatch(LIMITS);

    private static void full(Executable call) {
        assertThrows(IllegalStateException.class, call);
    }

    private static void wrong(Executable call) {
        assertThrows(IllegalArgumentException.class, call);
    }

    @Test
    void derivedLimits() {
        assertEquals(3, LIMITS.numSwapSlots());
        assertEquals(1, new ModelLimits(3, 100, 200, 9, 2, 1).numSwapSlots());
        assertEquals(0, new ModelLimits(3, 100, 200, 9, 2).numSwapBlocks());
        assertEquals(3, LIMITS.maxNumLogits());
        var e = assertThrows(InputException.class, () -> new ModelLimits(3, 100, 200, 9, 2, -1));
        assertEquals("num_swap_blocks must be at least 0, not -1", e.getMessage());
    }

    @Test
    void rowsInEqualStatesShareAMask() {
        var masked = new ForwardBatch(LIMITS.withMasks(new MaskLimits(2, 70)));
        assertEquals(3, masked.masks().wordsPerMask());
        TokenGrammar.State five = new OneToken(5);
        TokenGrammar.State last = new OneToken(69);
        for (int step = 0; step < 2; step++) {
            int mask = masked.masks().add(five);
            assertEquals(0, mask);
            assertEquals(1, masked.masks().add(last));
            assertEquals(0, masked.masks().add(five));
            assertEquals(TokenMasks.NO_ROOM, masked.masks().add(new OneToken(6)));
            int seq = masked.addDecode(1, 42, 130, 5 * 64 + 2);
            masked.computeLogits(seq, 0);
            wrong(() -> masked.setMask(0, 0));
            masked.sample(seq);
            wrong(() -> masked.setMask(1, 2));
            masked.setMask(1, 1);
            assertEquals(TokenMasks.NO_MASK, masked.maskIndex(0));
            assertEquals(1, masked.maskIndex(1));
            assertEquals(32, masked.masks().words()[masked.masks().offset(0)]);
            assertEquals(32, masked.masks().words()[masked.masks().offset(1) + 2]);
            masked.clear();
            assertEquals(0, masked.masks().numMasks());
        }
    }

    private record OneToken(int tokenId) implements TokenGrammar.State {
        @Override
        public TokenGrammar.State after(int next) {
            return null;
        }

        @Override
        public Object maskKey() {
            return this;
        }

        @Override
        public void fillMask(int[] words, int offset, int numWords) {
            Arrays.fill(words, offset, offset + numWords, 0);
            words[offset + tokenId / 32] = 1 << tokenId;
        }
    }

    @Test
    void aDecodedTokenIsASequenceOfOne() {
        batch.addSequence(1, new int[] {7, 42}, 1, 1, 130, BLOCKS);
        batch.addDecode(2, 42, 130, 5 * 64 + 2);
        for (int seq = 0; seq < 2; seq++) {
            assertEquals(seq, batch.firstToken(seq));
            assertEquals(131, batch.seqLenK(seq));
            assertEquals(1 + seq, batch.convSlot(seq));
            assertEquals(ForwardBatch.NO_SNAPSHOT, batch.initialSnapshot(seq));
            assertEquals(42, batch.tokenId(seq));
            assertEquals(130, batch.position(seq));
            assertEquals(5 * 64 + 2, batch.slot(seq));
        }
        assertEquals(2, batch.numSeqs());
        assertEquals(2, batch.numTokens());
    }

    @Test
    void manyDecodesAreAsMany() {
        int[] slots = {2, 0, 1};
        int[] positions = {130, 5, 64};
        int[] kvSlots = {5 * 64 + 2, 5, 64};
        var one = new ForwardBatch(LIMITS);
        for (int i = 0; i < 2; i++) {
            one.sample(one.addDecode(slots[i], ForwardBatch.LAST_SAMPLED, positions[i], kvSlots[i]));
        }
        assertFalse(batch.hasConvSlot(2));
        batch.addDecodes(1, slots, positions, kvSlots);
        assertTrue(batch.hasConvSlot(2));
        assertFalse(batch.hasConvSlot(0));
        wrong(() -> batch.addDecodes(1, slots, positions, kvSlots));
        batch.addDecodes(1, new int[] {0}, new int[] {5}, new int[] {5});
        assertEquals(2, batch.numSeqs());
        assertEquals(2, batch.numTokens());
        assertEquals(2, batch.numLogits());
        for (int i = 0; i < 2; i++) {
            assertEquals(one.tokenId(i), batch.tokenId(i));
            assertEquals(one.position(i), batch.position(i));
            assertEquals(one.slot(i), batch.slot(i));
            assertEquals(one.firstToken(i + 1), batch.firstToken(i + 1));
            assertEquals(one.seqLenK(i), batch.seqLenK(i));
            assertEquals(one.convSlot(i), batch.convSlot(i));
            assertEquals(one.initialSnapshot(i), batch.initialSnapshot(i));
            assertEquals(one.logitToken(i), batch.logitToken(i));
            assertEquals(one.logitSeq(i), batch.logitSeq(i));
            assertEquals(one.logitConvSlot(i), batch.logitConvSlot(i));
            assertEquals(one.isSampled(i), batch.isSampled(i));
            assertEquals(one.isScored(i), batch.isScored(i));
            assertEquals(one.scoreTopLogprobs(i), batch.scoreTopLogprobs(i));
        }
        full(() -> batch.addDecodes(2, slots, positions, kvSlots));
        batch.clear();
        assertFalse(batch.hasConvSlot(2));
    }

    @Test
    void manyDecodesOfWhichOneIsWrongLeaveTheBatchAsItWas() {
        int[] slots = {0, 1, 2};
        int[][] wrongSlots = {{0, 1, 0}, {0, 1, 3}, {0, 1, -1}};
        int[] positions = {5, 5, 5};
        int[] kvSlots = {5, 64 + 5, 128 + 5};
        for (int[] mistaken : wrongSlots) {
            wrong(() -> batch.addDecodes(3, mistaken, positions, kvSlots));
        }
        wrong(() -> batch.addDecodes(3, slots, new int[] {5, 5, 200}, new int[] {5, 5, 8}));
        wrong(() -> batch.addDecodes(3, slots, new int[] {5, 5, -1}, new int[] {5, 5, 63}));
        wrong(() -> batch.addDecodes(3, slots, positions, new int[] {5, 5, 6}));
        wrong(() -> batch.addDecodes(3, slots, positions, new int[] {5, 5, 9 * 64 + 5}));
        wrong(() -> batch.addDecodes(3, slots, positions, new int[] {5, 5, -59}));
        assertTrue(batch.isEmpty());
        batch.addDecodes(3, slots, positions, kvSlots);
        assertEquals(3, batch.numSeqs());
    }

    @Test
    void tokensOfAChunkLieInTheirBlocks() {
        int seq = batch.addSequence(0, IDS, 3, 70, 60, BLOCKS);
        assertEquals(8 * 64 + 60, batch.slot(0));
        assertEquals(2 * 64, batch.slot(4));
        assertEquals(5 * 64 + 1, batch.slot(69));
        assertEquals(130, batch.seqLenK(seq));
        assertEquals(70, batch.firstToken(seq + 1));
    }

    @Test
    void sequencesThatDoNotFit() {
        wrong(() -> batch.addSequence(0, IDS, 0, 0, 0, BLOCKS));
        wrong(() -> batch.addSequence(0, IDS, 0, 1, -1, BLOCKS));
        wrong(() -> batch.addSequence(0, IDS, 0, 2, 199, BLOCKS));
        wrong(() -> batch.addSequence(0, IDS, 0, 65, 0, new int[] {1}));
        wrong(() -> batch.addSequence(0, IDS, 0, 65, 0, new int[] {1, 9}));
        wrong(() -> batch.addSequence(3, IDS, 0, 1, 0, BLOCKS));
        wrong(() -> batch.addDecode(-1, 7, 0, 0));
        wrong(() -> batch.addDecode(0, 7, 200, 8));
        wrong(() -> batch.addDecode(0, 7, 5, 6));
        wrong(() -> batch.addDecode(0, 7, 5, 9 * 64 + 5));
        wrong(() -> batch.addDecode(0, 7, 5, -59));
        full(() -> batch.addSequence(0, IDS, 0, 101, 0, BLOCKS));
        assertTrue(batch.isEmpty());

        batch.addSequence(0, IDS, 0, 98, 0, BLOCKS);
        wrong(() -> batch.addDecode(0, 7, 5, 5));
        full(() -> batch.addSequence(1, IDS, 0, 3, 0, BLOCKS));
        batch.addDecode(1, 7, 5, 5);
        batch.addDecode(2, 7, 5, 69);
        full(() -> batch.addDecode(0, 7, 5, 133));
        assertEquals(3, batch.numSeqs());
        assertEquals(100, batch.numTokens());
    }

    @Test
    void blockUpdatesHaveRoom() {
        assertEquals(2 * 3 + 2 + 4 * 4, batch.blockUpdateRoom());
        for (int i = 0; i < 24; i++) {
            batch.setBlock(i % 3, i % 4, i % 9);
        }
        assertEquals(0, batch.blockUpdateRoom());
        full(() -> batch.setBlock(0, 0, 0));
        assertEquals(24, batch.numBlockUpdates());
        assertEquals(23 % 3, batch.updateConvSlot(23));
        assertEquals(23 % 4, batch.updateIndex(23));
        assertEquals(23 % 9, batch.updateBlock(23));
        assertTrue(batch.isEmpty());
        batch.clear();
        assertEquals(24, batch.blockUpdateRoom());
        wrong(() -> batch.setBlock(3, 0, 0));
        wrong(() -> batch.setBlock(0, 4, 0));
        wrong(() -> batch.setBlock(0, 0, 9));
        wrong(() -> batch.setBlock(0, 0, -1));
    }

    @Test
    void copiesKeepTheirOrderAndHaveRoom() {
        assertEquals(4 * 4 + 2 * 3, batch.copyRoom());
        batch.addCopy(Copy.BLOCK, 8, 3);
        batch.addCopy(Copy.BLOCK_TO_HOST, 8, 4);
        batch.addCopy(Copy.BLOCK_FROM_HOST, 4, 8);
        batch.addCopy(Copy.SLOT_TO_HOST, 2, 2);
        batch.addCopy(Copy.SLOT_FROM_HOST, 1, 2);
        assertFalse(batch.isEmpty());
        assertEquals(5, batch.numCopies());
        assertEquals(Copy.BLOCK, batch.copyKind(0));
        assertEquals(8, batch.copyFrom(0));
        assertEquals(3, batch.copyTo(0));
        assertEquals(Copy.SLOT_FROM_HOST, batch.copyKind(4));
        wrong(() -> batch.addCopy(Copy.BLOCK, 9, 0));
        wrong(() -> batch.addCopy(Copy.BLOCK, 0, -1));
        wrong(() -> batch.addCopy(Copy.BLOCK_TO_HOST, 0, 5));
        wrong(() -> batch.addCopy(Copy.BLOCK_FROM_HOST, 5, 0));
        wrong(() -> batch.addCopy(Copy.SLOT_TO_HOST, 0, 3));
        wrong(() -> batch.addCopy(Copy.SLOT_FROM_HOST, 0, 3));
        while (batch.copyRoom() > 0) {
            batch.addCopy(Copy.BLOCK, 0, 1);
        }
        full(() -> batch.addCopy(Copy.BLOCK, 0, 1));
        assertEquals(22, batch.numCopies());
        batch.clear();
        assertTrue(batch.isEmpty());
    }

    @Test
    void rowsSayWhatBecomesOfThem() {
        int first = batch.addSequence(0, IDS, 0, 5, 0, BLOCKS);
        int second = batch.addDecode(2, 7, 5, 69);
        batch.sample(first, 1);
        batch.score(first, 3, 77, 20);
        batch.computeLogits(second, 5);
        full(() -> batch.sample(second));
        assertEquals(0, batch.logitRoom());

        assertTrue(batch.isSampled(0));
        assertFalse(batch.isScored(0));
        assertEquals(1, batch.logitConvSlot(0));
        assertEquals(first, batch.logitSeq(0));
        assertEquals(4, batch.logitToken(0));

        assertFalse(batch.isSampled(1));
        assertTrue(batch.isScored(1));
        assertEquals(77, batch.scoreTarget(1));
        assertEquals(20, batch.scoreTopLogprobs(1));
        assertEquals(0, batch.logitConvSlot(1));
        assertEquals(3, batch.logitToken(1));

        assertFalse(batch.isSampled(2));
        assertFalse(batch.isScored(2));
        assertEquals(2, batch.logitConvSlot(2));
    }

    @Test
    void rowsThatMakeNoSense() {
        int seq = batch.addSequence(0, IDS, 0, 5, 0, BLOCKS);
        int next = batch.addDecode(1, 7, 5, 69);
        wrong(() -> batch.sample(2));
        wrong(() -> batch.sample(seq, 3));
        wrong(() -> batch.score(seq, 5, 1, 0));
        wrong(() -> batch.score(next, 4, 1, 0));
        wrong(() -> batch.score(seq, 0, -1, 0));
        wrong(() -> batch.score(seq, 0, 1, 21));
        wrong(() -> batch.score(seq, 0, 1, -1));
        wrong(() -> batch.computeLogits(-1, 0));
        assertEquals(3, batch.logitRoom());
        batch.sample(seq, 1);
        wrong(() -> batch.sample(next));
        batch.clear();
        batch.sample(batch.addDecode(1, 7, 5, 69));
        assertEquals(1, batch.numLogits());
    }

    @Test
    void snapshotsAreOfTokensInRisingOrder() {
        int seq = batch.addSequence(0, IDS, 0, 5, 0, BLOCKS);
        batch.startFromSnapshot(seq, 1);
        assertEquals(1, batch.initialSnapshot(seq));
        wrong(() -> batch.startFromSnapshot(seq, 2));
        wrong(() -> batch.startFromSnapshot(1, 0));
        batch.writeSnapshot(3, 0);
        batch.writeSnapshot(3, 1);
        full(() -> batch.writeSnapshot(2, 0));
        wrong(() -> batch.writeSnapshot(5, 0));
        wrong(() -> batch.writeSnapshot(4, 2));
        assertEquals(2, batch.numSnapshots());
    }
}
