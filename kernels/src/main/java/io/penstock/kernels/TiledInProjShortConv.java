package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.LONG;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import java.util.Arrays;
import java.util.List;

/** {@link InProjShortConvKernel} with weights as images of tiles, on 9.0; a plan is one of {@link TiledBlock}. */
final class TiledInProjShortConv extends InProjShortConvKernel {
    private static final TiledBlock[] BLOCKS = TiledBlock.OF_CONVOLUTIONS;
    private static final int NUM_VARIANTS = TiledBlock.values().length;
    private static final int ROW_TILES = 15;

    private final LaunchShape[] shapes = new LaunchShape[NUM_VARIANTS];
    private final Launch[] launches = new Launch[NUM_VARIANTS];
    private final int numMultiprocessors;

    TiledInProjShortConv(Device device, int hidden) {
        super(device, WeightFormat.TILES, hidden);
        numMultiprocessors = device.properties().cores().numMultiprocessors();
        for (TiledBlock block : BLOCKS) {
            launches[block.ordinal()] = launch(entry(block), block.sharedBytes());
            shapes[block.ordinal()] = LaunchShape.ofThreads(block.threads()).dynamicShared(block.sharedBytes());
        }
    }

    static List<EntryPoint> entries() {
        return Arrays.stream(BLOCKS).map(TiledInProjShortConv::entry).toList();
    }

    private static EntryPoint entry(TiledBlock block) {
        return new EntryPoint("in_proj_short_conv_" + block.suffix() + "_bf16", block.maxRegisters(), POINTER, POINTER,
                POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, INT, INT, INT, LONG,
                INT);
    }

    @Override
    int plan(int numSeqs, int hidden) {
        return TiledBlock.selectInProj(numSeqs, hidden, numMultiprocessors);
    }

    @Override
    Launch launchOf(int plan) {
        return launches[TiledBlock.block(plan).ordinal()];
    }

    @Override
    LaunchShape shape(Launch launch, int plan, int numSeqs, int hidden) {
        TiledBlock block = TiledBlock.block(plan);
        int numRowTiles = TiledBlock.numRowTiles(plan);
        launch.args().setInt(ROW_TILES, numRowTiles);
        int numBlocks = Math.min(
                numRowTiles * block.numParts(3 * hidden), numMultiprocessors * block.blocksPerMultiprocessor());
        return shapes[block.ordinal()].grid(numBlocks, 1, 1);
    }
}
