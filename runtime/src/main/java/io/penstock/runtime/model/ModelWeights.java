package io.penstock.runtime.model;

/**
 * A model's weights in one backend's layout.
 *
 * @param embedTokens [vocab, hidden]; the LM head as well
 * @param embeddingNorm [hidden]: the final norm, despite the checkpoint's name for it
 */
public record ModelWeights(Weight embedTokens, Layer[] layers, Weight embeddingNorm) {
    /** Memory of all weights, padding of the layout included. */
    public long sizeBytes() {
        long bytes = embedTokens.sizeBytes() + embeddingNorm.sizeBytes();
        for (Layer layer : layers) {
            bytes += layer.sizeBytes();
        }
        return bytes;
    }
}
