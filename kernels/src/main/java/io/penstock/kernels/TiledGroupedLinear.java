package io.penstock.kernels;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/**
 * {@link GroupedLinearKernel} with weights as images of tiles, on 9.0: as many blocks as fit take parts in turn, or
 * where rows are behind the product, draw parts and then rows. One variant: where experts have few rows, what they do
 * is {@link ExpertsAddRmsNormKernel}.
 */
final class TiledGroupedLinear extends GroupedLinearKernel {
    static final TiledBlock BLOCK = TiledBlock.M128;

    private static final CombinedProduct ALONE = new CombinedProduct(0, 0, 0, 0, 0, 0);

    private final LaunchShape siluShape =
            LaunchShape.ofThreads(BLOCK.threads()).dynamicShared(BLOCK.expertSharedBytes());
    private final LaunchShape shape =
            LaunchShape.ofThreads(BLOCK.threads()).dynamicShared(BLOCK.expertDrawSharedBytes());
    private final Launch siluAndMul;
    private final Launch alone;
    private final Launch withRows;
    private final int maxBlocks;

    TiledGroupedLinear(Device device, int expertsPerToken) {
        super(device, WeightFormat.TILES, expertsPerToken);
        maxBlocks = device.properties().cores().numMultiprocessors() * BLOCK.blocksPerMultiprocessor();
        siluAndMul = launch(Output.SILU_AND_MUL.entry(BLOCK));
        siluAndMul.allowDynamicShared(BLOCK.expertSharedBytes());
        alone = launch(Output.SCALE.entry(BLOCK));
        alone.allowDynamicShared(BLOCK.expertDrawSharedBytes());
        setRows(alone, 0, 0, 0, ALONE, 0);
        withRows = launch(Output.SCALE.entry(BLOCK));
        withRows.allowDynamicShared(BLOCK.expertDrawSharedBytes());
    }

    private static void setRows(
            Launch launch, long progress, long residual, long out, CombinedProduct product, int numTokens) {
        launch.args()
                .setPointer(7, progress)
                .setPointer(8, residual)
                .setPointer(9, out)
                .setPointer(10, product.norm())
                .setPointer(11, product.numRealTokens())
                .setInt(15, numTokens)
                .setFloat(16, product.eps());
    }

    @Override
    void launch(Stream stream, Output output, long y, long x, long weights,
            AddRmsNormRouteTopKKernel.RoutingAddresses routing, int numPairs, int numColumns, int k) {
        switch (output) {
            case SCALE -> scale(stream, alone, y, x, weights, routing, numPairs, numColumns, k);
            case SILU_AND_MUL -> {
                setProduct(siluAndMul, y, x, weights, routing);
                siluAndMul.args().setInt(6, expertsPerToken()).setInt(7, numColumns).setInt(8, k);
                siluAndMul.run(stream, siluShape.grid(numBlocks(numPairs, output.weightRows(numColumns)), 1, 1));
            }
        }
    }

    private void scale(Stream stream, Launch launch, long y, long x, long weights,
            AddRmsNormRouteTopKKernel.RoutingAddresses routing, int numPairs, int numColumns, int k) {
        setProduct(launch, y, x, weights, routing);
        launch.args()
                .setPointer(6, routing.weights())
                .setInt(12, expertsPerToken())
                .setInt(13, numColumns)
                .setInt(14, k);
        launch.run(stream, shape.grid(numBlocks(numPairs, numColumns), 1, 1));
    }

    /** A pair brings one tile at most. */
    private int numBlocks(int numPairs, int weightRows) {
        return Math.min(numPairs * BLOCK.numParts(weightRows), maxBlocks);
    }

    @Override
    public void launchAddRmsNorm(Stream stream, long y, long x, long residual, long out, CombinedProduct product,
            AddRmsNormRouteTopKKernel.RoutingAddresses routing, int numTokens) {
        if (numTokens > 0) {
            WarpRows.requireColumns(product.numColumns());
            setRows(withRows, routing.progress(), residual, out, product, numTokens);
            scale(stream, withRows, y, x, product.down(), routing, numTokens * expertsPerToken(),
                    product.numColumns(), product.k());
        }
    }
}
