package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/**
 * {@link LinearKernel}'s products of rows with the experts that {@link AddRmsNormRouteTopKKernel} chose for them. The
 * grid holds for any routing of so many tokens, so the host needs to know none; a row's result has the bits of
 * {@code linear}. Experts' weights lie one after the other, each as in the checkpoint: row-major, with columns and k
 * that are multiples of 8.
 */
public final class GroupedLinearKernel extends OperationKernel {
    /** What is done with a sum; each has an entry of its own for each tile. */
    enum Output {
        SCALE("grouped_linear_%s_bf16"),
        SILU_AND_MUL("grouped_linear_silu_and_mul_%s_bf16");

        private final String name;

        Output(String name) {
            this.name = name;
        }

        EntryPoint entry(LinearTile tile) {
            return new EntryPoint(name.formatted(tile.suffix()), tile.maxRegisters(), POINTER, POINTER, POINTER,
                    POINTER, POINTER, POINTER, POINTER, INT, INT, INT);
        }
    }

    private static final LinearTile[] TILES = LinearTile.values();

    private final LaunchShape[] shapes = new LaunchShape[TILES.length];
    private final Launch[] scale;
    private final Launch[] siluAndMul;
    private final int numExperts;
    private final int expertsPerToken;

    /** For a model that has {@code expertsPerToken} of {@code numExperts}. */
    public GroupedLinearKernel(Device device, int numExperts, int expertsPerToken) {
        super(device, "grouped_linear");
        this.numExperts = numExperts;
        this.expertsPerToken = expertsPerToken;
        for (LinearTile tile : TILES) {
            shapes[tile.ordinal()] = LaunchShape.ofThreads(tile.threads()).dynamicShared(tile.sharedBytes());
        }
        scale = launches(Output.SCALE);
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
     * Queues {@code y[p] = weight of p * (x[p] downᵀ)}; rows of padding tokens stay as they are.
     *
     * @param y address of bfloat16 [pairs, columns]
     * @param x address of bfloat16 [pairs, k]
     * @param down address of bfloat16 [experts][columns, k]
     */
    public void launch(Stream stream, long y, long x, long down,
            AddRmsNormRouteTopKKernel.RoutingAddresses routing, int numTokens, int numColumns, int k) {
        launch(stream, scale, y, x, down, routing, numTokens, numColumns, numColumns, k);
    }

    /**
     * Queues {@code y[p] = silu(x[token of p] gateᵀ) * (x[token of p] upᵀ)}; rows of padding tokens stay as they are.
     *
     * @param y address of bfloat16 [pairs, width]
     * @param x address of bfloat16 [tokens, k]
     * @param gateUp address of bfloat16 [experts][2 width, k]: 8 rows of gate, 8 of up, in turn
     */
    public void launchSiluAndMul(Stream stream, long y, long x, long gateUp,
            AddRmsNormRouteTopKKernel.RoutingAddresses routing, int numTokens, int width, int k) {
        launch(stream, siluAndMul, y, x, gateUp, routing, numTokens, 2 * width, width, k);
    }

    private void launch(Stream stream, Launch[] launches, long y, long x, long weights,
            AddRmsNormRouteTopKKernel.RoutingAddresses routing, int numTokens, int weightRows, int numColumns, int k) {
        if (numTokens == 0) {
            return;
        }
        assert numColumns % VECTOR_WIDTH == 0 && k % VECTOR_WIDTH == 0 : numColumns + " columns, k " + k;
        int numPairs = numTokens * expertsPerToken;
        LinearTile tile = LinearTile.selectGrouped(numPairs, numExperts);
        Launch launch = launches[tile.ordinal()];
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
        launch.run(stream, shapes[tile.ordinal()].grid(
                tile.gridY(weightRows), tile.maxTiles(numPairs, numExperts), 1));
    }
}
