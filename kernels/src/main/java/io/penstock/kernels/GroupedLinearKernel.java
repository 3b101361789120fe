package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.FLOAT;
import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.Stream;
import java.util.ArrayList;
import java.util.List;

/**
 * {@link LinearKernel}'s products of rows with the experts that {@link AddRmsNormRouteTopKKernel} chose for them. The
 * grid holds for any routing of so many tokens, so the host needs to know none; a row's result has the bits of
 * {@code linear}. Experts' weights lie one after the other; columns and k are multiples of 8.
 */
public abstract sealed class GroupedLinearKernel extends OperationKernel
        permits RowMajorGroupedLinear, TiledGroupedLinear {
    static final String OPERATION = "grouped_linear";

    private final int expertsPerToken;

    /** What is done with a sum; each has an entry of its own for each tile. */
    enum Output {
        SCALE("grouped_linear_%s_bf16", 1),
        SILU_AND_MUL("grouped_linear_silu_and_mul_%s_bf16", 2);

        private final String name;
        private final int rowsPerColumn;

        Output(String name, int rowsPerColumn) {
            this.name = name;
            this.rowsPerColumn = rowsPerColumn;
        }

        EntryPoint entry(LinearTile tile) {
            return new EntryPoint(name.formatted(tile.suffix()), tile.maxRegisters(), POINTER, POINTER, POINTER,
                    POINTER, POINTER, POINTER, POINTER, INT, INT, INT);
        }

        EntryPoint entry(TiledBlock block) {
            String entry = name.formatted(block.suffix());
            return switch (this) {
                case SCALE -> new EntryPoint(entry, block.maxRegisters(), POINTER, POINTER, POINTER, POINTER, POINTER,
                        POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, INT, INT, INT, INT, FLOAT);
                case SILU_AND_MUL -> new EntryPoint(entry, block.maxRegisters(), POINTER, POINTER, POINTER, POINTER,
                        POINTER, POINTER, INT, INT, INT);
            };
        }

        int weightRows(int numColumns) {
            return rowsPerColumn * numColumns;
        }
    }

    GroupedLinearKernel(Device device, WeightFormat format, int expertsPerToken) {
        super(device, OPERATION, format.ptxSet());
        this.expertsPerToken = expertsPerToken;
    }

    /** Loads the kernels for weights of a format, which the device can run, of so many experts. */
    public static GroupedLinearKernel of(Device device, WeightFormat format, int numExperts, int expertsPerToken) {
        return switch (format) {
            case ROW_MAJOR -> new RowMajorGroupedLinear(device, numExperts, expertsPerToken);
            case TILES -> new TiledGroupedLinear(device, expertsPerToken);
        };
    }

    /** What the entries are for a format. */
    static List<EntryPoint> entries(WeightFormat format) {
        List<EntryPoint> entries = new ArrayList<>();
        for (Output output : Output.values()) {
            switch (format) {
                case ROW_MAJOR -> List.of(LinearTile.values()).forEach(tile -> entries.add(output.entry(tile)));
                case TILES -> entries.add(output.entry(TiledGroupedLinear.BLOCK));
            }
        }
        return entries;
    }

    /** The most rows of a tile that a step's pairs are cut into. */
    static int tileRows(WeightFormat format, int numPairs, int numExperts) {
        return switch (format) {
            case ROW_MAJOR -> LinearTile.selectGrouped(numPairs, numExperts).blockRows();
            case TILES -> TiledBlock.selectGrouped(numPairs, numExperts).mostRowsOfExpert();
        };
    }

    /**
     * Queues {@code y[p] = weight of p * (x[p] downᵀ)}; rows of padding tokens stay as they are.
     *
     * @param y address of bfloat16 [pairs, columns]
     * @param x address of bfloat16 [pairs, k]
     * @param down address of bfloat16 [experts][columns, k]
     */
    public final void launch(Stream stream, long y, long x, long down,
            AddRmsNormRouteTopKKernel.RoutingAddresses routing, int numTokens, int numColumns, int k) {
        launchTokens(stream, Output.SCALE, y, x, down, routing, numTokens, numColumns, k);
    }

    /**
     * Queues {@code y[p] = silu(x[token of p] gateᵀ) * (x[token of p] upᵀ)}; rows of padding tokens stay as they are.
     *
     * @param y address of bfloat16 [pairs, width]
     * @param x address of bfloat16 [tokens, k]
     * @param gateUp address of bfloat16 [experts][2 width, k]: 8 rows of gate, 8 of up, in turn
     */
    public final void launchSiluAndMul(Stream stream, long y, long x, long gateUp,
            AddRmsNormRouteTopKKernel.RoutingAddresses routing, int numTokens, int width, int k) {
        launchTokens(stream, Output.SILU_AND_MUL, y, x, gateUp, routing, numTokens, width, k);
    }

    /**
     * A product whose rows are summed by tokens, added to a residual and normalised in its launch.
     *
     * @param down address of bfloat16 [experts][columns, k]
     * @param numColumns at most 2048
     * @param norm address of bfloat16 [columns]
     * @param numRealTokens address of int [1]: tokens from there on are padding, without experts; 0 if there is none
     */
    public record CombinedProduct(long down, int numColumns, int k, long norm, float eps, long numRealTokens) {}

    /** Whether {@link #launchAddRmsNorm} is there for weights of a format. */
    public static boolean hasRowsBehind(WeightFormat format) {
        return format == WeightFormat.TILES;
    }

    /**
     * Queues {@link #launch}, and behind it in the same launch {@link CombineAddRmsNormKernel} of its rows, with their
     * bits.
     *
     * @param y address of bfloat16 [pairs, columns]: the product
     * @param x address of bfloat16 [pairs, k]
     * @param residual address of bfloat16 [tokens, columns], overwritten with the sum
     * @param out address of bfloat16 [tokens, columns]
     */
    public abstract void launchAddRmsNorm(Stream stream, long y, long x, long residual, long out,
            CombinedProduct product, AddRmsNormRouteTopKKernel.RoutingAddresses routing, int numTokens);

    private void launchTokens(Stream stream, Output output, long y, long x, long weights,
            AddRmsNormRouteTopKKernel.RoutingAddresses routing, int numTokens, int numColumns, int k) {
        assert numColumns % VECTOR_WIDTH == 0 && k % VECTOR_WIDTH == 0 : numColumns + " columns, k " + k;
        if (numTokens > 0) {
            launch(stream, output, y, x, weights, routing, numTokens * expertsPerToken, numColumns, k);
        }
    }

    final int expertsPerToken() {
        return expertsPerToken;
    }

    /** Sets what the products of both formats begin with. */
    static void setProduct(Launch launch, long y, long x, long weights,
            AddRmsNormRouteTopKKernel.RoutingAddresses routing) {
        launch.args()
                .setPointer(0, y)
                .setPointer(1, x)
                .setPointer(2, weights)
                .setPointer(3, routing.sortedPairs())
                .setPointer(4, routing.tiles())
                .setPointer(5, routing.numTiles());
    }

    abstract void launch(Stream stream, Output output, long y, long x, long weights,
            AddRmsNormRouteTopKKernel.RoutingAddresses routing, int numPairs, int numColumns, int k);
}
