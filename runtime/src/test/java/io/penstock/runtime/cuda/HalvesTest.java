package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;

import io.penstock.device.Device;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.runtime.checkpoint.Checkpoint;
import io.penstock.runtime.testing.Goldens;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/**
 * Decode steps as two halves give the bits of whole ones: tokens, log probabilities, keys, values, conv states. What
 * the halves touch at the same time is memory that both only read, or each has for itself.
 */
class HalvesTest {
    private static final int MAX_SEQS = 12;
    private static final int MAX_LEN = 192;

    /** A device with few multiprocessors has small grids, of which the emulator is done soon. */
    private static final int NUM_SHARES = 16;
    private static final int BLOCKS_EACH = MAX_LEN / ModelLimits.BLOCK_TOKENS;
    private static final ModelLimits LIMITS =
            new ModelLimits(MAX_SEQS, 128, MAX_LEN, MAX_SEQS * BLOCKS_EACH, MAX_SEQS);

    /** Sequences of each decode step, in their order: with graphs of ten rows all have two halves. */
    private static final int[][] STEPS = {
        {0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}, {4, 6}, {11, 3, 7, 0, 9, 1, 5, 2, 8}};

    /** A runner with its model, and what its steps gave. */
    private static final class Run implements AutoCloseable {
        private final Device device;
        private final CudaModel model;
        private final CudaRunner runner;
        private final ForwardBatch batch = new ForwardBatch(LIMITS);
        private final int[] numTokens = new int[MAX_SEQS];
        private final List<String> results = new ArrayList<>();

        Run(Checkpoint checkpoint, CudaOptions options) {
            device = new EmulatorDevice(EmulatorOptions.failing().on(90).checkingStreams());
            Device small = new LendingDevice(device).share(NUM_SHARES);
            model = new CudaModel(small, checkpoint, LIMITS, options, _ -> { });
            runner = new CudaRunner(model, options, checkpoint.config().vocabSize(), new int[] {7});
        }

        private static SamplingParams params(int slot) {
            return new SamplingParams(slot % 3 == 0 ? 0 : 0.8,
                    slot % 3 == 0 ? TokenFilters.NONE : new TokenFilters(20, 0.95, 0.01),
                    slot % 4 == 1 ? new Penalties(1.2, 0.3, 0.2) : Penalties.NONE, TokenConstraints.NONE,
                    new StopConditions(50, 50, Set.of(), List.of(), true, false), 7 * slot, slot % 5 == 2 ? 3 : -1);
        }

        private int[] blocks(int slot) {
            int[] blocks = new int[BLOCKS_EACH];
            for (int i = 0; i < BLOCKS_EACH; i++) {
                blocks[i] = i * MAX_SEQS + slot;
            }
            return blocks;
        }

        private void step() {
            runner.launch(batch);
            batch.clear();
            StepResult result = runner.await();
            for (int row = 0; row < result.numRows(); row++) {
                StringBuilder text = new StringBuilder().append(result.tokenId(row)).append(' ')
                        .append(Float.floatToRawIntBits(result.logprob(row))).append(' ').append(result.rank(row));
                for (int i = 0; i < result.numTopLogprobs(row); i++) {
                    text.append(' ').append(result.topTokenId(row, i)).append(' ')
                            .append(Float.floatToRawIntBits(result.topLogprob(row, i)));
                }
                results.add(text.toString());
            }
        }

        List<String> live() {
            var random = new SplittableRandom(4);
            for (int slot = 0; slot < MAX_SEQS; slot++) {
                int[] prompt = random.ints(slot == 8 ? 65 : 2 + slot % 2, 8, 500).toArray();
                runner.startSequence(slot, params(slot), prompt, prompt.length, prompt.length);
                for (int i = 0; i < BLOCKS_EACH; i++) {
                    batch.setBlock(slot, i, blocks(slot)[i]);
                }
                batch.sample(batch.addSequence(slot, prompt, 0, prompt.length, 0, blocks(slot)));
                numTokens[slot] = prompt.length;
            }
            step();
            for (int[] slots : STEPS) {
                for (int slot : slots) {
                    int position = numTokens[slot]++;
                    int block = blocks(slot)[position / ModelLimits.BLOCK_TOKENS];
                    int seq = batch.addDecode(slot, ForwardBatch.LAST_SAMPLED, position,
                            block * ModelLimits.BLOCK_TOKENS + position % ModelLimits.BLOCK_TOKENS);
                    if (slot % 3 != 1) {
                        batch.writeSnapshot(seq, slot);
                    }
                    batch.sample(seq);
                }
                step();
            }
            return results;
        }

        /** What the sequences left behind. */
        List<int[]> state() {
            try (DeviceBuffers buffers = new DeviceBuffers(device, model.stream())) {
                CudaMemory memory = model.ops().memory();
                return List.of(buffers.readInts(memory.keysValues()), buffers.readInts(memory.states()),
                        buffers.readInts(memory.snapshots()), buffers.readInts(memory.blockTokens()),
                        buffers.readInts(memory.lastSampled()));
            }
        }

        @Override
        public void close() {
            runner.close();
            device.close();
        }
    }

    /**
     * One launched directly, one that fills a graph up, and one that leaves out the second half of its graph; as
     * halves, and as halves with kernels that begin before the one in front has ended.
     */
    @Test
    void halvesAndEarlyLaunchesGiveTheBitsOfWholeSteps() {
        CudaOptions graphs = CudaOptions.DEFAULTS.withGraphs(GraphMode.START).withGraphBatchSizes(10);
        try (Checkpoint checkpoint = Checkpoint.open(Goldens.path("models/moe-legacy"));
                Run expected = new Run(checkpoint, CudaOptions.DEFAULTS.withGraphs(GraphMode.OFF))) {
            List<String> results = expected.live();
            List<int[]> states = expected.state();
            assertEquals(0, expected.runner.numHalvedSteps());
            for (CudaOptions options : List.of(
                    graphs.withHalvedRows(1), graphs.withHalvedRows(1).withProgrammaticLaunches(true))) {
                try (Run run = new Run(checkpoint, options)) {
                    assertEquals(results, run.live());
                    assertEquals(STEPS.length, run.runner.numHalvedSteps());
                    assertEquals(STEPS.length - 1, run.runner.numGraphReplays());
                    List<int[]> own = run.state();
                    for (int i = 0; i < own.size(); i++) {
                        assertArrayEquals(states.get(i), own.get(i), "memory " + i);
                    }
                }
            }
        }
    }
}
