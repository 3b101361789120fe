package io.penstock.runtime.cpu;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.model.Trace;
import java.util.Arrays;
import java.util.Random;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The same bits whatever the batch, the chunks, the threads and the kernels. */
class BatchIndependenceTest {
    private static final int NUM_DECODED = 5;

    private static int[] sequence(int length, int vocab, long seed) {
        return new Random(seed).ints(length, 0, vocab).toArray();
    }

    private static float[][] alone(ModelHarness harness, int slot, int[] tokens, int chunk) {
        int promptLength = tokens.length - NUM_DECODED;
        float[][] rows = new float[NUM_DECODED + 1][];
        rows[0] = harness.prefill(slot, Arrays.copyOf(tokens, promptLength), chunk);
        System.arraycopy(harness.decode(slot, tokens, promptLength), 0, rows, 1, NUM_DECODED);
        return rows;
    }

    @ParameterizedTest
    @CsvSource({
        "moe-nested, FLOAT32", "moe-legacy, FLOAT32", "dense-adjusted, FLOAT32",
        "moe-nested, BFLOAT16", "moe-legacy, BFLOAT16", "dense-adjusted, BFLOAT16"
    })
    void chunksOfAnySize(String name, Arithmetic arithmetic) {
        try (ModelHarness harness = new ModelHarness(name, arithmetic, CpuKernels.vector(), 2, Trace.NONE)) {
            int[] tokens = sequence(135, harness.model.config().vocabSize(), 7);
            float[][] whole = alone(harness, 0, tokens, 135);
            for (int chunk : new int[] {1, 2, 3, 7, 16, 63, 64, 65, 100, 129}) {
                assertArrayEquals(whole, alone(harness, 1, tokens, chunk), name + " in chunks of " + chunk);
            }
        }
    }

    @ParameterizedTest
    @CsvSource({"moe-nested, FLOAT32", "moe-legacy, FLOAT32", "dense-adjusted, FLOAT32", "moe-nested, BFLOAT16"})
    void aloneOrAmongSixtyFourOthers(String name, Arithmetic arithmetic) {
        try (ModelHarness harness = new ModelHarness(name, arithmetic, CpuKernels.vector(), 2, Trace.NONE)) {
            int vocab = harness.model.config().vocabSize();
            int[] tokens = sequence(30, vocab, 11);
            float[][] expected = alone(harness, 0, tokens, 30);
            int[][] others = new int[64][];
            for (int i = 0; i < others.length; i++) {
                others[i] = sequence(6 + i % 9, vocab, 100 + i);
            }
            int promptLength = tokens.length - NUM_DECODED;
            for (int step = 0; step <= NUM_DECODED; step++) {
                harness.begin();
                for (int i = 0; i < others.length; i++) {
                    if (i == 37) {
                        int from = step == 0 ? 0 : promptLength + step - 1;
                        harness.add(0, tokens, from, step == 0 ? promptLength : 1, false);
                    }
                    int n = others[i].length - NUM_DECODED;
                    harness.add(i + 1, others[i], step == 0 ? 0 : n + step - 1, step == 0 ? n : 1, false);
                }
                assertArrayEquals(expected[step], harness.run()[37], name + " step " + step);
            }
        }
    }

    @ParameterizedTest
    @EnumSource(Arithmetic.class)
    void scalarAndVectorKernelsAndAnyNumberOfThreads(Arithmetic arithmetic) {
        for (String name : new String[] {"moe-nested", "dense-adjusted"}) {
            float[][] expected = null;
            for (int numThreads : new int[] {1, 2, 5}) {
                for (CpuKernels kernels : new CpuKernels[] {CpuKernels.scalar(), CpuKernels.vector()}) {
                    try (ModelHarness harness = new ModelHarness(name, arithmetic, kernels, numThreads, Trace.NONE)) {
                        int[] tokens = sequence(80, harness.model.config().vocabSize(), 3);
                        float[][] rows = alone(harness, 2, tokens, 33);
                        expected = expected == null ? rows : expected;
                        assertArrayEquals(expected, rows, name + " " + kernels.name() + " x" + numThreads);
                    }
                }
            }
        }
    }

    /** Behind the last layer's operator only rows with logits go on; what stays for later tokens is every row's. */
    @ParameterizedTest
    @CsvSource({"moe-nested, FLOAT32", "moe-legacy, FLOAT32", "dense-adjusted, BFLOAT16"})
    void logitsOfAllRowsOrOfSomeOrOfNone(String name, Arithmetic arithmetic) {
        try (ModelHarness harness = new ModelHarness(name, arithmetic, CpuKernels.vector(), 2, Trace.NONE)) {
            int[] tokens = sequence(60, harness.model.config().vocabSize(), 13);
            harness.begin();
            harness.add(0, tokens, 0, tokens.length, true);
            float[][] all = harness.run();
            addChunk(harness, tokens, 0, 20);
            assertEquals(0, harness.run().length);
            addChunk(harness, tokens, 20, 25, 27, 23, 23, 44);
            assertArrayEquals(new float[][] {all[27], all[23], all[23], all[44]}, harness.run(), name);
            addChunk(harness, tokens, 45, 15, 59);
            assertArrayEquals(new float[][] {all[59]}, harness.run(), name);
        }
    }

    /** Tokens of slot 1, with logits of those at some positions. */
    private static void addChunk(ModelHarness harness, int[] tokens, int from, int n, int... withLogits) {
        ForwardBatch batch = harness.begin();
        harness.setBlocks(1, ModelHarness.blocks(1), from, from + n);
        int seq = batch.addSequence(1, tokens, from, n, from, ModelHarness.blocks(1));
        for (int token : withLogits) {
            batch.computeLogits(seq, token - from);
        }
    }

    @Test
    void aUsedSlotStartsFresh() {
        try (ModelHarness harness = ModelHarness.float32("moe-nested")) {
            int vocab = harness.model.config().vocabSize();
            int[] tokens = sequence(20, vocab, 5);
            float[][] fresh = alone(harness, 4, tokens, 20);
            alone(harness, 4, sequence(200, vocab, 6), 64);
            assertArrayEquals(fresh, alone(harness, 4, tokens, 20));
        }
    }

    @ParameterizedTest
    @CsvSource({"1", "2", "3", "17", "64", "70"})
    void aSnapshotWrittenInPassingContinuesTheSequence(int cut) {
        try (ModelHarness harness = ModelHarness.float32("moe-nested")) {
            int[] tokens = sequence(90, harness.model.config().vocabSize(), 9);
            float[] expected = harness.prefill(0, tokens, 90);
            ForwardBatch batch = harness.begin();
            harness.add(8, tokens, 0, 5, false);
            harness.add(1, tokens, 0, 80, false);
            batch.writeSnapshot(5 + cut - 1, 6);
            harness.run();
            harness.prefill(8, sequence(40, 300, 10), 40);
            batch = harness.begin();
            harness.setBlocks(2, ModelHarness.blocks(1), 0, 90);
            int seq = batch.addSequence(2, tokens, cut, 90 - cut, cut, ModelHarness.blocks(1));
            batch.startFromSnapshot(seq, 6);
            batch.sample(seq);
            assertArrayEquals(expected, harness.run()[0], "cut at " + cut);
        }
    }
}
