package io.penstock.runtime.model;

/**
 * One decoder layer: {@code h += operator(rms(h, operatorNorm)); h += feedForward(rms(h, ffnNorm))}.
 *
 * @param operatorNorm [hidden]
 * @param ffnNorm [hidden]
 */
public record Layer(Weight operatorNorm, LayerOperator operator, Weight ffnNorm, FeedForward feedForward) {
    long sizeBytes() {
        long operatorBytes = switch (operator) {
            case LayerOperator.ShortConv c -> c.inProj().sizeBytes() + c.conv().sizeBytes() + c.outProj().sizeBytes();
            case LayerOperator.Attention a -> a.qkvProj().sizeBytes() + a.qNorm().sizeBytes() + a.kNorm().sizeBytes()
                    + a.outProj().sizeBytes();
        };
        long feedForwardBytes = switch (feedForward) {
            case FeedForward.Dense d -> d.gateUp().sizeBytes() + d.down().sizeBytes();
            case FeedForward.SparseMoe m -> m.gate().sizeBytes() + m.gateUp().sizeBytes() + m.down().sizeBytes()
                    + (m.expertBias() == null ? 0 : m.expertBias().sizeBytes());
        };
        return operatorNorm.sizeBytes() + operatorBytes + ffnNorm.sizeBytes() + feedForwardBytes;
    }
}
