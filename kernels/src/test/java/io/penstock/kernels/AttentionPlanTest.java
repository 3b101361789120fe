package io.penstock.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.lang.management.ManagementFactory;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** Every key of every token is in exactly one item, and what is kept of pieces finds its place. */
class AttentionPlanTest {
    private static final int MAX_SEQS = 200;
    private static final int MAX_TOKENS = 3000;
    private static final int MAX_LEN = 131_072;

    private final SplittableRandom random = new SplittableRandom(1);

    private static AttentionPlan.Sizes sizes(int group, int kvHeads) {
        return new AttentionPlan.Sizes(MAX_SEQS, MAX_TOKENS, MAX_LEN, new AttentionPlan.Heads(group, kvHeads),
                new AttentionPlan.Workers(1056, 264));
    }

    /** A step: for each sequence its new tokens and those before. */
    private int[][] randomStep(int numSeqs, int maxLength) {
        int[][] step = new int[numSeqs][];
        int left = MAX_TOKENS - numSeqs;
        for (int s = 0; s < numSeqs; s++) {
            int count = random.nextInt(3) > 0 ? 1 : 1 + random.nextInt(left / 4 + 1);
            left -= count - 1;
            step[s] = new int[] {count, random.nextInt(maxLength - count)};
        }
        return step;
    }

    private record Written(int[] ints, AttentionPlan plan, AttentionPlan.Sizes sizes) {
        int[] item(boolean isDecode, int i) {
            int[] item = new int[8];
            int first = 8 + (isDecode ? 0 : 8 * sizes.maxDecodeItems());
            System.arraycopy(ints, first + 8 * i, item, 0, 8);
            return item;
        }

        int number(boolean isDecode) {
            return ints[isDecode ? 0 : 1];
        }
    }

    private static Written write(AttentionPlan.Sizes sizes, int[][] step) {
        AttentionPlan plan = new AttentionPlan(sizes);
        int token = 0;
        for (int s = 0; s < step.length; s++) {
            plan.add(token, step[s][0], 1000 + s, step[s][1]);
            token += step[s][0];
        }
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(sizes.planBytes(), 4);
            plan.write(memory, 0);
            return new Written(memory.toArray(ValueLayout.JAVA_INT), plan, sizes);
        }
    }

    @Test
    void everyTileOfEveryTokenIsInOneItem() {
        for (int round = 0; round < 300; round++) {
            AttentionPlan.Sizes sizes = sizes(1 + random.nextInt(8), 1 + random.nextInt(8));
            int[][] step = randomStep(1 + random.nextInt(MAX_SEQS), random.nextBoolean() ? MAX_LEN : MAX_TOKENS + 600);
            Written written = write(sizes, step);
            int numTokens = 0;
            for (int[] seq : step) {
                numTokens += seq[0];
            }
            int[] seqOf = new int[numTokens];
            int[] positionOf = new int[numTokens];
            for (int s = 0, t = 0; s < step.length; s++) {
                for (int i = 0; i < step[s][0]; i++, t++) {
                    seqOf[t] = s;
                    positionOf[t] = step[s][1] + i;
                }
            }
            int[] tiles = new int[numTokens];
            int[] pieces = new int[numTokens];
            for (boolean isDecode : new boolean[] {true, false}) {
                int last = Integer.MAX_VALUE;
                for (int i = 0; i < written.number(isDecode); i++) {
                    int[] item = written.item(isDecode, i);
                    int s = seqOf[item[0]];
                    assertEquals(isDecode, step[s][0] == 1);
                    assertTrue(isDecode ? item[1] == 1 : item[1] <= 128 / sizes.heads().groupHeads());
                    assertEquals(1000 + s, item[2]);
                    assertEquals(positionOf[item[0]], item[3]);
                    assertEquals(0, item[4] % 8, "a piece has whole chunks");
                    assertTrue(item[5] - item[4] <= last, "most tiles first");
                    last = item[5] - item[4];
                    for (int t = item[0]; t < item[0] + item[1]; t++) {
                        assertEquals(s, seqOf[t]);
                        tiles[t] += last;
                        pieces[t]++;
                        assertEquals((positionOf[item[0] + item[1] - 1] + 64) / 64, lastTile(written, isDecode, item));
                    }
                    assertTrue(item[7] == 1 || item[6] + (lastTile(written, isDecode, item) + 7) / 8
                            <= (isDecode ? sizes.numDecodePartials() : sizes.numPrefillPartials()));
                }
            }
            for (int t = 0; t < numTokens; t++) {
                assertTrue(pieces[t] > 0, "token " + t);
                assertTrue(tiles[t] >= positionOf[t] / 64 + 1, "token " + t);
            }
        }
    }

    /** The end of an item's context: that of its last piece. Checks the pieces on the way. */
    private static int lastTile(Written written, boolean isDecode, int[] item) {
        int end = 0;
        int numPieces = 0;
        int sum = 0;
        for (int i = 0; i < written.number(isDecode); i++) {
            int[] other = written.item(isDecode, i);
            if (other[0] == item[0]) {
                end = Math.max(end, other[5]);
                sum += other[5] - other[4];
                numPieces++;
                assertEquals(item[6], other[6]);
            }
        }
        assertEquals(end, sum, "no tile twice");
        assertEquals(item[7], numPieces);
        return end;
    }

    @Test
    void contextsAreCutOnlyWhereWorkersWouldBeIdle() {
        AttentionPlan.Sizes sizes = sizes(4, 8);
        assertEquals(128, write(sizes, new int[][] {{1, 131_071}}).number(true), "256 chunks, 8 heads, 1056 warps");
        int[][] many = new int[MAX_SEQS][];
        java.util.Arrays.fill(many, new int[] {1, 8000});
        assertEquals(MAX_SEQS, write(sizes, many).number(true));
        many[7] = new int[] {1, 131_071};
        Written written = write(sizes, many);
        assertEquals(10, written.item(true, 0)[7], "27520 chunks, 1056 warps: 27 of the long context's 256 each");
        assertEquals(1, written.item(true, 100)[7]);
        assertEquals(1, write(sizes, new int[][] {{1, 0}}).number(true));
        assertEquals(1, write(sizes, new int[][] {{1, 511}}).number(true));
        assertEquals(2, write(sizes, new int[][] {{1, 512}}).number(true));
        assertEquals(0, write(sizes, new int[][] {{1, 512}}).number(false));
        assertEquals(64, write(sizes, new int[][] {{2048, 0}}).number(false));
    }

    @Test
    void whatFitsNoPartialResultsStaysWhole() {
        AttentionPlan.Sizes sizes = sizes(4, 1);
        Written written = write(sizes, new int[][] {{64, 131_000}});
        assertEquals(2, written.number(false), "128 partial results do not hold 256 chunks");
        assertEquals(1, written.item(false, 0)[7]);
    }

    @Test
    void groupsThatKernelsCannotTakeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new AttentionPlan.Heads(9, 1));
        assertThrows(IllegalArgumentException.class, () -> new AttentionPlan.Heads(0, 1));
    }

    @Test
    void planningAllocatesNothing() {
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        AttentionPlan plan = new AttentionPlan(sizes(4, 8));
        int[][] step = randomStep(MAX_SEQS, MAX_LEN);
        try (Arena arena = Arena.ofConfined()) {
            MemorySegment memory = arena.allocate(sizes(4, 8).planBytes(), 4);
            long leastBytes = Long.MAX_VALUE;
            for (int attempt = 0; attempt < 20 && leastBytes > 0; attempt++) {
                long before = threads.getCurrentThreadAllocatedBytes();
                for (int i = 0; i < 100; i++) {
                    plan.clear();
                    for (int s = 0; s < step.length; s++) {
                        plan.add(s, step[s][0], s, step[s][1]);
                    }
                    plan.write(memory, 0);
                }
                leastBytes = Math.min(leastBytes, threads.getCurrentThreadAllocatedBytes() - before);
            }
            long bytes = leastBytes;
            assertTrue(bytes < 1000, () -> bytes + " bytes in 100 plans");
        }
    }
}
