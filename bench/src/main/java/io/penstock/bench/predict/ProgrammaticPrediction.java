package io.penstock.bench.predict;

import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cuda.StepLaunches;
import java.util.List;

/**
 * A decode step whose kernels may begin before the one in front of them has ended: what remains of the gaps, and of the
 * time until the first product. Every figure is an assumption, and stands here:
 *
 * <ul>
 * <li>Behind a kernel that lets go, blocks are there when it ends, and have set up their barriers: what remains of the
 *     gap is its last writes and the signal. Behind one that does not, blocks come when all of its have ended, and only
 *     the launch itself is hidden.
 * <li>A product that has asked for its first weights has them when it may read rows: those rows come from L2. Others
 *     wait for indices first, as ever.
 * <li>Multiprocessors on which the kernel in front has no block, and those alone, bring whole rings of weights
 *     meanwhile: so many bytes need not be brought afterwards.
 * </ul>
 */
final class ProgrammaticPrediction {
    private static final double GAP_BEHIND_LETTING_GO = 0.5e-6;
    private static final double GAP_BEHIND_OTHERS = 0.8e-6;

    /** To the first product, with the first weights there: indices and rows from L2. */
    private static final double FILL_SECONDS = 0.7e-6;

    /** Of stages, in the shared memory of a multiprocessor. */
    private static final double RING_BYTES = 96 << 10;

    private ProgrammaticPrediction() {}

    /** What a step takes, and how many of its launches begin early. */
    record Step(double seconds, int numEarly) {}

    /** What a step should take. */
    static Step step(ModelConfig model, int numSeqs, int context, Chip chip) {
        double seconds = 0;
        int numEarly = 0;
        StepLaunches.Launch inFront = null;
        for (StepPrediction.Launched launched : StepPrediction.launches(model, numSeqs, context, chip)) {
            StepLaunches.Launch launch = launched.launch();
            boolean isEarly = launch != null && launch.isEarly();
            double plain = launched.row().each().seconds() + Chip.GAP_SECONDS;
            seconds += isEarly ? plain - saved(launched, inFront, chip) : plain;
            numEarly += isEarly ? 1 : 0;
            inFront = launch;
        }
        return new Step(seconds, numEarly);
    }

    private static double saved(StepPrediction.Launched launched, StepLaunches.Launch inFront, Chip chip) {
        // Kernels that wait let go.
        boolean letsGo = inFront.isEarly();
        double gap = Chip.GAP_SECONDS - (letsGo ? GAP_BEHIND_LETTING_GO : GAP_BEHIND_OTHERS);
        if (!isProduct(launched.launch().kernel()) || !letsGo) {
            return gap;
        }
        Prediction each = launched.row().each();
        int numFree = Math.max(0, chip.numMultiprocessors() - inFront.numBlocks());
        double early = each.bound() == Prediction.Bound.MEMORY
                ? Math.min(numFree * RING_BYTES, each.bytes()) / chip.readBytesPerSecond() : 0;
        return gap + Chip.FILL_SECONDS - FILL_SECONDS + early;
    }

    /** Whether a kernel knows its weights before it waits. */
    private static boolean isProduct(String kernel) {
        return List.of("linear_", "qkv_norm_rope_store_", "in_proj_short_conv_").stream().anyMatch(kernel::startsWith);
    }
}
