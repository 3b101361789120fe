package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ForwardBatch.Copy;
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
import java.util.Arrays;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

/** A sequence that gives way to another by swap, and comes back elsewhere, goes on as if nothing had happened. */
class SwapOnDeviceTest {
    private static final ModelLimits LIMITS = new ModelLimits(3, 96, 192, 8, 0, 4);
    private static final int PROMPT = 70;
    private static final int VOCAB = 640;

    private final ForwardBatch batch = new ForwardBatch(LIMITS);
    private final int[] tokens = Arrays.copyOf(new Random(4).ints(PROMPT, 0, VOCAB).toArray(), 192);

    private static SamplingParams params() {
        return new SamplingParams(0.8, TokenFilters.NONE, new Penalties(1.2, 0.4, 0.3), TokenConstraints.NONE,
                StopConditions.afterTokens(100), 17, -1);
    }

    private int step(CudaRunner runner) {
        boolean hasRow = batch.numLogits() > 0;
        runner.launch(batch);
        batch.clear();
        StepResult result = runner.await();
        return hasRow ? result.tokenId(0) : -1;
    }

    private int prefill(CudaRunner runner, int slot, int[] prompt, int... blocks) {
        runner.startSequence(slot, params(), prompt, PROMPT, PROMPT);
        batch.setBlock(slot, 0, blocks[0]);
        batch.setBlock(slot, 1, blocks[1]);
        batch.sample(batch.addSequence(slot, prompt, 0, PROMPT, 0, blocks));
        return step(runner);
    }

    private List<Integer> decode(CudaRunner runner, int slot, int position, int number, int block) {
        List<Integer> sampled = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            batch.sample(batch.addDecode(slot, ForwardBatch.LAST_SAMPLED, position + i,
                    block * ModelLimits.BLOCK_TOKENS + (position + i) % ModelLimits.BLOCK_TOKENS));
            sampled.add(step(runner));
        }
        return sampled;
    }

    @Test
    void goesOnWhereItWas() {
        try (Checkpoint checkpoint = Checkpoint.open(Goldens.path("models/dense-adjusted"))) {
            var device = new EmulatorDevice(EmulatorOptions.failing());
            var model = new CudaModel(device, checkpoint, LIMITS, CudaOptions.DEFAULTS, _ -> { });
            try (CudaRunner runner = new CudaRunner(model, CudaOptions.DEFAULTS, VOCAB, new int[] {1})) {
                List<Integer> undisturbed = new ArrayList<>();
                undisturbed.add(prefill(runner, 1, tokens, 6, 7));
                undisturbed.addAll(decode(runner, 1, PROMPT, 6, 7));

                List<Integer> swapped = new ArrayList<>();
                swapped.add(prefill(runner, 0, tokens, 0, 1));
                swapped.addAll(decode(runner, 0, PROMPT, 2, 1));
                batch.addCopy(Copy.BLOCK_TO_HOST, 0, 2);
                batch.addCopy(Copy.BLOCK_TO_HOST, 1, 0);
                batch.addCopy(Copy.SLOT_TO_HOST, 0, 1);
                step(runner);
                prefill(runner, 0, new Random(9).ints(PROMPT, 0, VOCAB).toArray(), 0, 1);
                batch.addCopy(Copy.BLOCK_FROM_HOST, 2, 5);
                batch.addCopy(Copy.BLOCK_FROM_HOST, 0, 3);
                batch.addCopy(Copy.SLOT_FROM_HOST, 1, 2);
                batch.setBlock(2, 0, 5);
                batch.setBlock(2, 1, 3);
                for (int i = 0; i < swapped.size(); i++) {
                    tokens[PROMPT + i] = swapped.get(i);
                }
                runner.startSequence(2, params(), tokens, PROMPT, PROMPT + swapped.size());
                swapped.addAll(decode(runner, 2, PROMPT + 2, 4, 3));
                assertEquals(undisturbed, swapped);
            }
        }
    }
}
