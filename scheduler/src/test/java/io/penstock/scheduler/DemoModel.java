package io.penstock.scheduler;

import io.penstock.runtime.MaskLimits;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.checkpoint.Checkpoint;
import io.penstock.runtime.cpu.Arithmetic;
import io.penstock.runtime.cpu.CpuKernels;
import io.penstock.runtime.cpu.CpuModel;
import io.penstock.runtime.cpu.CpuRunner;
import io.penstock.runtime.model.Trace;
import java.nio.file.Path;

/**
 * The demo model on the CPU with room for all that a test's scheduler plans, which may be less. Used by one run after
 * the other, so that each finds what those before it left in blocks, slots and snapshots.
 */
final class DemoModel implements AutoCloseable {
    static final int MAX_LEN = 448;
    static final int VOCAB_SIZE = 4096;
    static final ModelLimits LIMITS = new ModelLimits(16, 512, MAX_LEN, 96, 32, 48, masks(32));
    static final int[] EOS_TOKEN_IDS = {4049};

    /** Ids from here on are special ones. */
    static final int NUM_TEXT_TOKENS = 4042;

    final CpuRunner runner;

    /** Room for token masks of this model. */
    static MaskLimits masks(int maxNumMasks) {
        return new MaskLimits(maxNumMasks, VOCAB_SIZE);
    }

    private final Checkpoint checkpoint;

    DemoModel() {
        checkpoint = checkpoint();
        var options = new CpuModel.Options(Arithmetic.FLOAT32, CpuKernels.select(), 1, Trace.NONE);
        CpuModel model = new CpuModel(checkpoint, LIMITS, options, layers -> {});
        runner = new CpuRunner(model, model.config().vocabSize(), EOS_TOKEN_IDS);
    }

    static Checkpoint checkpoint() {
        return Checkpoint.open(Path.of(System.getProperty("basedir", ".")).toAbsolutePath()
                .resolve("../models/penstock-demo").normalize());
    }

    @Override
    public void close() {
        runner.close();
        checkpoint.close();
    }
}
