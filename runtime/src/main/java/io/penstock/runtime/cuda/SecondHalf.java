package io.penstock.runtime.cuda;

import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.model.Activations;
import io.penstock.runtime.model.Tensor;

/**
 * A step's activations as the second half sees them: the rows behind the first half's. What is between the products of
 * experts begins at a row of its own, which does not depend on the step.
 */
final class SecondHalf {
    private final Activations activations;
    private final DeviceTensor[] moving;

    /** @param activations of the whole step's memory; nobody else uses them */
    SecondHalf(Activations activations, ModelLimits limits) {
        this.activations = activations;
        Activations.Experts experts = activations.experts();
        moving = tensors(activations.residual(), activations.x(), activations.projected().bcx(),
                activations.projected().qkv(), activations.mixed(), activations.update(), experts.dense());
        if (experts.routing() != null) {
            int maxRows = limits.maxNumSeqs() - HalfBatches.numFirst(limits.maxNumSeqs());
            int firstPair = (limits.maxNumBatchedTokens() - maxRows) * experts.routing().expertsPerToken();
            ((DeviceTensor) experts.inner()).startAt(firstPair);
            ((DeviceTensor) experts.outer()).startAt(firstPair);
        }
    }

    private static DeviceTensor[] tensors(Tensor... all) {
        DeviceTensor[] tensors = new DeviceTensor[all[all.length - 1] == null ? all.length - 1 : all.length];
        for (int i = 0; i < tensors.length; i++) {
            tensors[i] = (DeviceTensor) all[i];
        }
        return tensors;
    }

    Activations activations() {
        return activations;
    }

    /** The rows in use for a step. */
    void useRows(int first, int rows) {
        for (DeviceTensor tensor : moving) {
            tensor.startAt(first);
        }
        activations.useRows(rows, 0);
    }
}
