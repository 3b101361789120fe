package io.penstock.kernels;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;

/** {@link InProjShortConvKernel} with weights as in the checkpoint, on all devices; a plan is a tile's number. */
final class RowMajorInProjShortConv extends InProjShortConvKernel {
    private static final InProjTile[] TILES = InProjTile.values();

    private final LaunchShape[] shapes = new LaunchShape[TILES.length];
    private final Launch[] launches = new Launch[TILES.length];
    private final int numMultiprocessors;

    RowMajorInProjShortConv(Device device, int hidden) {
        super(device, WeightFormat.ROW_MAJOR, hidden);
        numMultiprocessors = device.properties().cores().numMultiprocessors();
        for (InProjTile tile : TILES) {
            launches[tile.ordinal()] = launch(tile.entry(), tile.sharedBytes());
            shapes[tile.ordinal()] = LaunchShape.ofThreads(tile.threads()).dynamicShared(tile.sharedBytes());
        }
    }

    @Override
    int plan(int numSeqs, int hidden) {
        return InProjTile.select(numSeqs, hidden, numMultiprocessors).ordinal();
    }

    @Override
    Launch launchOf(int plan) {
        return launches[plan];
    }

    @Override
    LaunchShape shape(Launch launch, int plan, int numSeqs, int hidden) {
        return shapes[plan].grid(TILES[plan].gridX(numSeqs), TILES[plan].gridY(hidden), 1);
    }
}
