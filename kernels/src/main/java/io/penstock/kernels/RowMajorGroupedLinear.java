package io.penstock.kernels;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/** {@link GroupedLinearKernel} with weights as in the checkpoint, on all devices. */
final class RowMajorGroupedLinear extends GroupedLinearKernel {
    private static final LinearTile[] TILES = LinearTile.values();
    private static final Output[] OUTPUTS = Output.values();

    private final LaunchShape[] shapes = new LaunchShape[TILES.length];
    private final Launch[][] launches = new Launch[OUTPUTS.length][TILES.length];
    private final int numExperts;

    RowMajorGroupedLinear(Device device, int numExperts, int expertsPerToken) {
        super(device, WeightFormat.ROW_MAJOR, expertsPerToken);
        this.numExperts = numExperts;
        for (LinearTile tile : TILES) {
            shapes[tile.ordinal()] = LaunchShape.ofThreads(tile.threads()).dynamicShared(tile.sharedBytes());
            for (Output output : OUTPUTS) {
                Launch launch = launch(output.entry(tile));
                launch.allowDynamicShared(tile.sharedBytes());
                launches[output.ordinal()][tile.ordinal()] = launch;
            }
        }
    }

    @Override
    public void launchAddRmsNorm(Stream stream, long y, long x, long residual, long out, CombinedProduct product,
            AddRmsNormRouteTopKKernel.RoutingAddresses routing, int numTokens) {
        throw new IllegalStateException("rows behind a product are for weights as images of tiles");
    }

    @Override
    void launch(Stream stream, Output output, long y, long x, long weights,
            AddRmsNormRouteTopKKernel.RoutingAddresses routing, int numPairs, int numColumns, int k) {
        LinearTile tile = LinearTile.selectGrouped(numPairs, numExperts);
        Launch launch = launches[output.ordinal()][tile.ordinal()];
        setProduct(launch, y, x, weights, routing);
        launch.args()
                .setPointer(6, routing.weights())
                .setInt(7, expertsPerToken())
                .setInt(8, numColumns)
                .setInt(9, k);
        launch.run(stream, shapes[tile.ordinal()].grid(
                tile.gridY(output.weightRows(numColumns)), tile.maxTiles(numPairs, numExperts), 1));
    }
}
