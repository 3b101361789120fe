package io.penstock.kernels;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/** {@link LinearKernel} with weights as in the checkpoint, on all devices. */
final class RowMajorLinear extends LinearKernel {
    private static final LinearTile[] TILES = LinearTile.values();
    private static final Output[] OUTPUTS = Output.values();

    private final LaunchShape[] shapes = new LaunchShape[TILES.length];
    private final Launch[][] launches = new Launch[OUTPUTS.length][TILES.length];
    private final int numMultiprocessors;

    RowMajorLinear(Device device) {
        super(device, WeightFormat.ROW_MAJOR);
        numMultiprocessors = device.properties().cores().numMultiprocessors();
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
    public boolean choosesInHead() {
        return false;
    }

    @Override
    public void launchHead(
            Stream stream, long y, long x, long weight, SampledRows sampled, int numRows, int numColumns, int k) {
        launchFloat32(stream, y, x, weight, numRows, numColumns, k);
    }

    @Override
    public void launchAddRmsNorm(
            Stream stream, long y, long x, long residual, long out, NormedProduct product, int numRows) {
        throw new IllegalStateException("rows behind a product are for weights as images of tiles");
    }

    @Override
    void launch(Stream stream, Output output, long y, long x, long weight, int numRows, int numColumns, int k) {
        int weightRows = output.weightRows(numColumns);
        LinearTile tile = LinearTile.select(numRows, weightRows, numMultiprocessors);
        Launch launch = launches[output.ordinal()][tile.ordinal()];
        launch.args()
                .setPointer(0, y)
                .setPointer(1, x)
                .setPointer(2, weight)
                .setInt(3, numRows)
                .setInt(4, numColumns)
                .setInt(5, k);
        launch.run(stream, shapes[tile.ordinal()].grid(tile.gridX(numRows), tile.gridY(weightRows), 1));
    }
}
