package io.penstock.kernels;

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
            return entry(tile.suffix(), tile.maxRegisters());
        }

        EntryPoint entry(TiledBlock block) {
            return entry(block.suffix(), block.maxRegisters());
        }

        private EntryPoint entry(String suffix, int maxRegisters) {
            return new EntryPoint(name.formatted(suffix), maxRegisters, POINTER, POINTER, POINTER, POINTER, POINTER,
                    POINTER, POINTER, INT, INT, INT);
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
            case TILES -> new TiledGroupedLinear(device, numExperts, expertsPerToken);
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

    private void launchTokens(Stream stream, Output output, long y, long x, long weights,
            AddRmsNormRouteTopKKernel.RoutingAddresses routing, int numTokens, int numColumns, int k) {
        assert numColumns % VECTOR_WIDTH == 0 && k % VECTOR_WIDTH == 0 : numColumns + " columns, k " + k;
        if (numTokens == 0) {
            return;
        }
        int numPairs = numTokens * expertsPerToken;
        Launch launch = select(output, numPairs);
        launch.args()
                .setPointer(0, y)
                .setPointer(1, x)
                .setPointer(2, weights)
                .setPointer(3, routing.sortedPairs())
                .setPointer(4, routing.tiles())
                .setPointer(5, routing.numTiles())
                .setPointer(6, routing.weights())
                .setInt(7, expertsPerToken)
                .setInt(8, numColumns)
                .setInt(9, k);
        run(stream, launch, numPairs, output.weightRows(numColumns));
    }

    /** The variant for so many pairs. */
    abstract Launch select(Output output, int numPairs);

    abstract void run(Stream stream, Launch launch, int numPairs, int weightRows);
}
