package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.FLOAT;
import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.Stream;
import java.util.ArrayList;
import java.util.List;

/**
 * {@code y = x weightᵀ} on tensor cores: bfloat16 in, float32 sums over k in one order, whatever the number of rows, so
 * that a row has the same bits in any batch. Columns and k are multiples of 8. Sums of different formats of weights are
 * not the same bits.
 */
public abstract sealed class LinearKernel extends OperationKernel permits RowMajorLinear, TiledLinear {
    /** Rows of a gate-up matrix come in turn: so many of gate, so many of up. */
    public static final int GATE_UP_ROWS = 8;

    static final String OPERATION = "linear";

    /** No tile but the last has fewer rows. */
    private static final int LEAST_TILE_ROWS = 16;

    /** What is done with a sum; each has an entry of its own for each tile. */
    enum Output {
        BF16("linear_%s_bf16", 1),
        F32("linear_%s_f32", 1),
        SILU_AND_MUL("linear_silu_and_mul_%s_bf16", 2);

        private final String name;
        private final int rowsPerColumn;

        Output(String name, int rowsPerColumn) {
            this.name = name;
            this.rowsPerColumn = rowsPerColumn;
        }

        EntryPoint entry(LinearTile tile) {
            return new EntryPoint(
                    name.formatted(tile.suffix()), tile.maxRegisters(), POINTER, POINTER, POINTER, INT, INT, INT);
        }

        EntryPoint entry(TiledBlock block) {
            String entry = name.formatted(block.suffix());
            return switch (this) {
                case SILU_AND_MUL -> new EntryPoint(
                        entry, block.maxRegisters(), POINTER, POINTER, POINTER, INT, INT, INT, INT);
                case BF16 -> new EntryPoint(entry, block.maxRegisters(), POINTER, POINTER, POINTER, POINTER, POINTER,
                        POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER,
                        POINTER, POINTER, POINTER, INT, INT, INT, INT, INT, INT, INT, INT, FLOAT, FLOAT);
                case F32 -> new EntryPoint(entry, block.maxRegisters(), POINTER, POINTER, POINTER, POINTER, POINTER,
                        POINTER, POINTER, POINTER, INT, INT, INT, INT, INT, INT);
            };
        }

        int weightRows(int numColumns) {
            return rowsPerColumn * numColumns;
        }
    }

    LinearKernel(Device device, WeightFormat format) {
        super(device, OPERATION, format.ptxSet());
    }

    /** Loads the kernels for weights of a format, which the device can run. */
    public static LinearKernel of(Device device, WeightFormat format) {
        return of(device, format, TileTable.BUILT_IN);
    }

    /** The same, with what was measured of those on tiles. */
    public static LinearKernel of(Device device, WeightFormat format, TileTable table) {
        return switch (format) {
            case ROW_MAJOR -> new RowMajorLinear(device);
            case TILES -> new TiledLinear(device, table);
        };
    }

    /** What the entries are for a format. */
    static List<EntryPoint> entries(WeightFormat format) {
        List<EntryPoint> entries = new ArrayList<>();
        for (Output output : Output.values()) {
            switch (format) {
                case ROW_MAJOR -> List.of(LinearTile.values()).forEach(tile -> entries.add(output.entry(tile)));
                case TILES -> List.of(TiledBlock.OF_PRODUCTS).forEach(block -> entries.add(output.entry(block)));
            }
        }
        return entries;
    }

    /**
     * Queues it.
     *
     * @param y address of bfloat16 [rows, columns]
     * @param x address of bfloat16 [rows, k]
     * @param weight address of bfloat16 [columns, k]
     */
    public final void launch(Stream stream, long y, long x, long weight, int numRows, int numColumns, int k) {
        launchRows(stream, Output.BF16, y, x, weight, numRows, numColumns, k);
    }

    /**
     * A product whose rows are added to a residual and normalised in its launch.
     *
     * @param weight address of bfloat16 [columns, k]
     * @param numColumns at most 2048
     * @param norm address of bfloat16 [columns]
     * @param progress address of {@link #progressBytes}, zero before the first launch and after each
     * @param routed what routes the rows behind their norm, or null
     */
    public record NormedProduct(
            long weight, int numColumns, int k, long norm, float eps, long progress, RoutedRows routed) {}

    /**
     * What routes rows that were normalised; {@link AddRmsNormRouteTopKKernel} says what each is.
     *
     * @param layer whose norm is that of the rows
     * @param numRealTokens address of int [1], or 0
     */
    public record RoutedRows(AddRmsNormRouteTopKKernel.Rule rule, AddRmsNormRouteTopKKernel.LayerAddresses layer,
            AddRmsNormRouteTopKKernel.RoutingAddresses routing, long numRealTokens) {}

    /** Bytes in which blocks tell each other how far products of up to so many rows are. */
    public static long progressBytes(int maxRows) {
        // The counter that pieces are drawn from, and one for each tile of rows.
        return (1L + Math.ceilDiv(maxRows, LEAST_TILE_ROWS)) * Integer.BYTES;
    }

    /** Whether {@link #launchAddRmsNorm} is there for weights of a format. */
    public static boolean hasRowsBehind(WeightFormat format) {
        return format == WeightFormat.TILES;
    }

    /**
     * Queues a product, and behind it in the same launch {@link AddRmsNormKernel}, or
     * {@link AddRmsNormRouteTopKKernel}, with the product's rows as the update, and with their bits.
     *
     * @param y address of bfloat16 [rows, columns]: the product
     * @param x address of bfloat16 [rows, k]
     * @param residual address of bfloat16 [rows, columns], overwritten with the sum
     * @param out address of bfloat16 [rows, columns]
     */
    public abstract void launchAddRmsNorm(
            Stream stream, long y, long x, long residual, long out, NormedProduct product, int numRows);

    /**
     * Queues it with float32 results, as for logits.
     *
     * @param y address of float32 [rows, columns]
     * @param x address of bfloat16 [rows, k]
     * @param weight address of bfloat16 [columns, k]
     */
    public final void launchFloat32(Stream stream, long y, long x, long weight, int numRows, int numColumns, int k) {
        launchRows(stream, Output.F32, y, x, weight, numRows, numColumns, k);
    }

    /**
     * What the LM head is told of rows that sample.
     *
     * @param results address of {@link SampleKernel#resultBytes} a row, a multiple of 64: for {@link SampleKernel}
     * @param rowSlots address of int [rows]: the conv slot that samples, or negative for none
     * @param rowMasks address of int [rows]: the index of a mask, or -1
     * @param rowTargets address of int [rows]: a token to score, or negative
     * @param slots address of [conv slots] of {@link SamplingSlot#SIZE_BYTES}
     * @param numValidTokens ids from here on are padding and take part in nothing
     */
    public record SampledRows(
            long results, long rowSlots, long rowMasks, long rowTargets, long slots, int numValidTokens) {}

    /** Nothing is known of any row: all logits are written. */
    public static final SampledRows ALL_ROWS = new SampledRows(0, 0, 0, 0, 0, 0);

    /** Whether {@link #launchHead} chooses: else it writes all logits and leaves no results. */
    public abstract boolean choosesInHead();

    /**
     * Queues the LM head: {@link #launchFloat32}, but rows that take their token from the logits as they are leave what
     * their choice needs instead of logits, and rows that nobody asked anything of leave nothing.
     */
    public abstract void launchHead(
            Stream stream, long y, long x, long weight, SampledRows sampled, int numRows, int numColumns, int k);

    /**
     * Queues {@code y = silu(x gateᵀ) * (x upᵀ)}, rounded once.
     *
     * @param y address of bfloat16 [rows, width]
     * @param x address of bfloat16 [rows, k]
     * @param gateUp address of bfloat16 [2 width, k]: 8 rows of gate, 8 of up, in turn
     */
    public final void launchSiluAndMul(Stream stream, long y, long x, long gateUp, int numRows, int width, int k) {
        launchRows(stream, Output.SILU_AND_MUL, y, x, gateUp, numRows, width, k);
    }

    final void launchRows(
            Stream stream, Output output, long y, long x, long weight, int numRows, int numColumns, int k) {
        assert numColumns % VECTOR_WIDTH == 0 && k % VECTOR_WIDTH == 0 : numColumns + " columns, k " + k;
        if (numRows > 0) {
            launch(stream, output, y, x, weight, numRows, numColumns, k);
        }
    }

    abstract void launch(
            Stream stream, Output output, long y, long x, long weight, int numRows, int numColumns, int k);
}
