package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.FLOAT;
import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;
import java.util.Arrays;
import java.util.List;

/**
 * {@link LinearKernel}, then {@link QkNormRopeStoreKernel}, with their bits, in one launch: q is written normalised and
 * rotated, k and v to KV blocks alone. Weights are images of tiles, on 9.0: a tile's 64 rows are a head.
 */
public final class QkvNormRopeStoreKernel extends OperationKernel {
    private static final String OPERATION = "qkv_norm_rope_store";
    private static final TiledBlock[] BLOCKS = TiledBlock.OF_PRODUCTS;

    private final LaunchShape[] shapes = new LaunchShape[BLOCKS.length];
    private final Launch[] launches = new Launch[BLOCKS.length];
    private final TileTable table;
    private final int numColumns;
    private final int hidden;
    private final int numMultiprocessors;

    /**
     * Loads the kernels.
     *
     * @param table how products on tiles are cut
     * @param hidden columns of x, a multiple of 8
     */
    public QkvNormRopeStoreKernel(
            Device device, TileTable table, int numHeads, int numKvHeads, int hidden, float eps) {
        super(device, OPERATION, WeightFormat.TILES.ptxSet());
        this.table = table;
        this.hidden = requireVectors("hidden", hidden);
        numColumns = (numHeads + 2 * numKvHeads) * WeightTiles.SIDE;
        numMultiprocessors = device.properties().cores().numMultiprocessors();
        for (TiledBlock block : BLOCKS) {
            Launch launch = launch(entry(block));
            launch.allowDynamicShared(block.sharedBytes());
            launch.args().setInt(10, numHeads).setInt(11, numKvHeads).setInt(12, hidden).setFloat(14, eps);
            launches[block.ordinal()] = launch;
            shapes[block.ordinal()] = LaunchShape.ofThreads(block.threads()).dynamicShared(block.sharedBytes());
        }
    }

    static List<EntryPoint> entries() {
        return Arrays.stream(BLOCKS).map(QkvNormRopeStoreKernel::entry).toList();
    }

    private static EntryPoint entry(TiledBlock block) {
        return new EntryPoint(OPERATION + "_" + block.suffix() + "_bf16", block.maxRegisters(), POINTER, POINTER,
                POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, INT, INT, INT, INT, INT, FLOAT);
    }

    /**
     * Queues it.
     *
     * @param qkv address of bfloat16 [rows, (heads + 2 kvHeads) 64], of which q is written where the row is no padding
     * @param x address of bfloat16 [rows, hidden]
     * @param weight address of bfloat16 [(heads + 2 kvHeads) 64, hidden]
     */
    public void launch(Stream stream, long qkv, long x, long weight, QkNormRopeStoreKernel.LayerAddresses layer,
            QkNormRopeStoreKernel.TokenAddresses tokens, int numRows) {
        if (numRows == 0) {
            return;
        }
        int plan = table.plan(numRows, numColumns, hidden, numMultiprocessors);
        TiledBlock block = TiledBlock.block(plan);
        int numRowTiles = TiledBlock.numRowTiles(plan);
        Launch launch = launches[block.ordinal()];
        launch.args()
                .setPointer(0, qkv)
                .setPointer(1, x)
                .setPointer(2, weight)
                .setPointer(3, layer.kvBlocks())
                .setPointer(4, layer.qNorm())
                .setPointer(5, layer.kNorm())
                .setPointer(6, tokens.angles())
                .setPointer(7, tokens.positions())
                .setPointer(8, tokens.slotMapping())
                .setInt(9, numRows)
                .setInt(13, numRowTiles);
        int numBlocks = Math.min(
                numRowTiles * block.numParts(numColumns), numMultiprocessors * block.blocksPerMultiprocessor());
        launch.run(stream, shapes[block.ordinal()].grid(numBlocks, 1, 1));
    }
}
