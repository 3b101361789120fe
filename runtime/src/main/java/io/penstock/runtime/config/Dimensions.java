package io.penstock.runtime.config;

/**
 * Sizes that every layer shares.
 *
 * @param vocabSize rows of the embedding, padding rows included
 * @param maxPositionEmbeddings tokens that the model was trained to see in one sequence
 * @param convLCache taps of the short convolution; the state holds one column fewer
 * @param normEps added to the mean square in every RMSNorm
 */
public record Dimensions(
        int vocabSize, int hiddenSize, int maxPositionEmbeddings, int convLCache, float normEps) {}
