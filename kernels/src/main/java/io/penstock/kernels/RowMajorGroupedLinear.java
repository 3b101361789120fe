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
    Launch select(Output output, int numPairs) {
        return launches[output.ordinal()][LinearTile.selectGrouped(numPairs, numExperts).ordinal()];
    }

    @Override
    void run(Stream stream, Launch launch, int numPairs, int weightRows) {
        LinearTile tile = LinearTile.selectGrouped(numPairs, numExperts);
        launch.run(stream, shapes[tile.ordinal()].grid(
                tile.gridY(weightRows), tile.maxTiles(numPairs, numExperts), 1));
    }
}
