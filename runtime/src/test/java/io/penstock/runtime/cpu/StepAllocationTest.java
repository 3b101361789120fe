package io.penstock.runtime.cpu;

import static org.junit.jupiter.api.Assertions.assertEquals;

import com.sun.management.ThreadMXBean;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ForwardBatch.Copy;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.runtime.checkpoint.Checkpoint;
import io.penstock.runtime.model.Trace;
import io.penstock.runtime.testing.Goldens;
import java.lang.management.ManagementFactory;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** A decode step with sampling, a scored row and every kind of copy allocates nothing once it is warm. */
class StepAllocationTest {
    private static final int NUM_SEQS = 3;
    private static final int WARM_UP_STEPS = 400;
    private static final int MEASURED_STEPS = 100;

    /** Rounds to wait for the compiler, which comes late on a busy machine; uncompiled vectors are objects. */
    private static final int MAX_ROUNDS = 40;

    private static final int BLOCKS = 128;
    private static final long COMPILER_MS = 500;
    private static final SamplingParams RECOMMENDED = new SamplingParams(0.2, new TokenFilters(80, 0.95, 0),
            new Penalties(1.05, 0, 0), TokenConstraints.NONE, StopConditions.afterTokens(8_000), 1, -1);

    @ParameterizedTest
    @ValueSource(strings = {"moe-nested", "dense-adjusted"})
    void nothing(String name) {
        ModelLimits limits = new ModelLimits(
                NUM_SEQS + 1, 8, BLOCKS * ModelLimits.BLOCK_TOKENS, NUM_SEQS * BLOCKS + 1, 0, 1);
        try (Checkpoint checkpoint = Checkpoint.open(Goldens.path("models/" + name))) {
            CpuModel model = new CpuModel(checkpoint, limits,
                    new CpuModel.Options(Arithmetic.BFLOAT16, CpuKernels.vector(), 1, Trace.NONE), layers -> {});
            try (CpuRunner runner = new CpuRunner(model, model.config().vocabSize(), new int[0])) {
                assertEquals(0, allocatedByDecode(runner), name + ": bytes in " + MEASURED_STEPS + " steps");
            }
        }
    }

    private static long allocatedByDecode(CpuRunner runner) {
        ForwardBatch batch = new ForwardBatch(runner.limits());
        int[][] blocks = new int[NUM_SEQS][BLOCKS];
        for (int s = 0; s < NUM_SEQS; s++) {
            for (int i = 0; i < BLOCKS; i++) {
                blocks[s][i] = i * NUM_SEQS + s;
            }
            runner.startSequence(s, RECOMMENDED, new int[] {s + 1}, 1, 1);
            batch.clear();
            batch.setBlock(s, 0, blocks[s][0]);
            batch.sample(batch.addSequence(s, new int[] {s + 1}, 0, 1, 0, blocks[s]));
            runner.launch(batch);
            runner.await();
        }
        int computed = decode(runner, batch, blocks, 1, WARM_UP_STEPS);
        ThreadMXBean threads = (ThreadMXBean) ManagementFactory.getThreadMXBean();
        long before = threads.getCurrentThreadAllocatedBytes();
        long overhead = threads.getCurrentThreadAllocatedBytes() - before;
        long allocated = Long.MAX_VALUE;
        for (int round = 0; round < MAX_ROUNDS && allocated != 0; round++) {
            before = threads.getCurrentThreadAllocatedBytes();
            computed = decode(runner, batch, blocks, computed, MEASURED_STEPS);
            allocated = threads.getCurrentThreadAllocatedBytes() - before - overhead;
            if (allocated != 0) {
                waitForCompiler();
            }
        }
        return allocated;
    }

    /** Vectors are objects until their code is compiled, for which a busy machine takes its time. */
    private static void waitForCompiler() {
        try {
            Thread.sleep(COMPILER_MS);
        } catch (InterruptedException e) {
            Thread.currentThread().interrupt();
        }
    }

    private static int decode(CpuRunner runner, ForwardBatch batch, int[][] blocks, int computed, int numSteps) {
        for (int step = 0; step < numSteps; step++, computed++) {
            batch.clear();
            addCopies(batch);
            for (int s = 0; s < NUM_SEQS; s++) {
                int index = computed / ModelLimits.BLOCK_TOKENS;
                int offset = computed % ModelLimits.BLOCK_TOKENS;
                if (offset == 0) {
                    batch.setBlock(s, index, blocks[s][index]);
                }
                batch.sample(batch.addDecode(s, ForwardBatch.LAST_SAMPLED, computed,
                        blocks[s][index] * ModelLimits.BLOCK_TOKENS + offset));
            }
            batch.score(0, 0, 1, SamplingParams.MAX_LOGPROBS);
            runner.launch(batch);
            runner.await();
        }
        return computed;
    }

    /** From and to what no sequence uses. */
    private static void addCopies(ForwardBatch batch) {
        batch.addCopy(Copy.BLOCK, 0, NUM_SEQS * BLOCKS);
        batch.addCopy(Copy.BLOCK_TO_HOST, 0, 0);
        batch.addCopy(Copy.BLOCK_FROM_HOST, 0, NUM_SEQS * BLOCKS);
        batch.addCopy(Copy.SLOT_TO_HOST, NUM_SEQS, 0);
        batch.addCopy(Copy.SLOT_FROM_HOST, 0, NUM_SEQS);
    }
}
