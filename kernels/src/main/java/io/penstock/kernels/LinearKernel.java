package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/**
 * {@code y = x weightᵀ} on tensor cores: bfloat16 in, float32 sums over k in one order, whatever the number of rows, so
 * that a row has the same bits in any batch. Weights lie as in the checkpoint, row-major [columns, k]; columns and k
 * are multiples of 8.
 */
public final class LinearKernel extends OperationKernel {
    /** Rows of a gate-up matrix come in turn: so many of gate, so many of up. */
    public static final int GATE_UP_ROWS = 8;

    /** What is done with a sum; each has an entry of its own for each tile. */
    enum Output {
        BF16("linear_%s_bf16"),
        F32("linear_%s_f32"),
        SILU_AND_MUL("linear_silu_and_mul_%s_bf16");

        private final String name;

        Output(String name) {
            this.name = name;
        }

        EntryPoint entry(LinearTile tile) {
            return new EntryPoint(
                    name.formatted(tile.suffix()), tile.maxRegisters(), POINTER, POINTER, POINTER, INT, INT, INT);
        }
    }

    private static final LinearTile[] TILES = LinearTile.values();

    private final LaunchShape[] shapes = new LaunchShape[TILES.length];
    private final Launch[] bf16;
    private final Launch[] f32;
    private final Launch[] siluAndMul;
    private final int numMultiprocessors;

    public LinearKernel(Device device) {
        super(device, "linear");
        numMultiprocessors = device.properties().cores().numMultiprocessors();
        for (LinearTile tile : TILES) {
            shapes[tile.ordinal()] = LaunchShape.ofThreads(tile.threads()).dynamicShared(tile.sharedBytes());
        }
        bf16 = launches(Output.BF16);
        f32 = launches(Output.F32);
        siluAndMul = launches(Output.SILU_AND_MUL);
    }

    private Launch[] launches(Output output) {
        Launch[] launches = new Launch[TILES.length];
        for (LinearTile tile : TILES) {
            launches[tile.ordinal()] = launch(output.entry(tile));
            launches[tile.ordinal()].allowDynamicShared(tile.sharedBytes());
        }
        return launches;
    }

    /**
     * Queues it.
     *
     * @param y address of bfloat16 [rows, columns]
     * @param x address of bfloat16 [rows, k]
     * @param weight address of bfloat16 [columns, k]
     */
    public void launch(Stream stream, long y, long x, long weight, int numRows, int numColumns, int k) {
        LinearTile tile = LinearTile.select(numRows, numColumns, numMultiprocessors);
        launch(stream, bf16, tile, y, x, weight, numRows, numColumns, numColumns, k);
    }

    /**
     * Queues it with float32 results, as for logits.
     *
     * @param y address of float32 [rows, columns]
     * @param x address of bfloat16 [rows, k]
     * @param weight address of bfloat16 [columns, k]
     */
    public void launchFloat32(Stream stream, long y, long x, long weight, int numRows, int numColumns, int k) {
        LinearTile tile = LinearTile.select(numRows, numColumns, numMultiprocessors);
        launch(stream, f32, tile, y, x, weight, numRows, numColumns, numColumns, k);
    }

    /**
     * Queues {@code y = silu(x gateᵀ) * (x upᵀ)}, rounded once.
     *
     * @param y address of bfloat16 [rows, width]
     * @param x address of bfloat16 [rows, k]
     * @param gateUp address of bfloat16 [2 width, k]: 8 rows of gate, 8 of up, in turn
     */
    public void launchSiluAndMul(Stream stream, long y, long x, long gateUp, int numRows, int width, int k) {
        LinearTile tile = LinearTile.select(numRows, 2 * width, numMultiprocessors);
        launch(stream, siluAndMul, tile, y, x, gateUp, numRows, 2 * width, width, k);
    }

    private void launch(Stream stream, Launch[] launches, LinearTile tile, long y, long x, long weight, int numRows,
            int weightRows, int numColumns, int k) {
        if (numRows == 0) {
            return;
        }
        assert numColumns % VECTOR_WIDTH == 0 && k % VECTOR_WIDTH == 0 : numColumns + " columns, k " + k;
        Launch launch = launches[tile.ordinal()];
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
