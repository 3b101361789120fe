package io.penstock.bench.predict;

/** One kernel with its sizes: what it should take on a device. A record for each kernel there is. */
public sealed interface KernelModel
        permits TiledProduct, ConvolutionProduct, ExpertsLaunch, RowsBehind, DecodeAttention, LogitsScan,
        RowOperation, HostCopies {
    /** The prediction for one launch. */
    Prediction on(Chip chip);
}
