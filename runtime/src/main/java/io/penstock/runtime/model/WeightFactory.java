package io.penstock.runtime.model;

import io.penstock.runtime.checkpoint.TensorData;

/** Brings checkpoint tensors into the layout that a backend's operations read. */
public interface WeightFactory {
    /** A matrix whose rows are those of the parts, one after the other. */
    Weight matrix(TensorData... parts);

    /** A router's gate [experts, hidden], for {@link Ops#addRmsNormRouteTopK}. */
    Weight router(TensorData gate);

    /** Gate and up matrices of the same shape, paired for {@link Ops#linearSiluAndMul}. */
    Weight gateUp(TensorData gate, TensorData up);

    /** A projection [3 hidden, columns] of B, C and x, for {@link Ops#inProjShortConv}. */
    Weight inProj(TensorData matrix);

    /** One matrix an expert. */
    Weight experts(TensorData[] matrices);

    /** One pair an expert, for {@link Ops#groupedLinearSiluAndMul}. */
    Weight expertsGateUp(TensorData[] gates, TensorData[] ups);

    /** A norm's weights. */
    Weight vector(TensorData vector);

    /** An expert bias, which stays float32. */
    Weight bias(TensorData vector);

    /** Convolution taps [hidden, 1, taps] for {@link Ops#inProjShortConv}. */
    Weight conv(TensorData taps);
}
