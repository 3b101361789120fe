package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.FLOAT;
import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;
import io.penstock.kernels.AddRmsNormRouteTopKKernel.RoutingAddresses;

/**
 * All that a layer's experts do, in one launch: both products of {@link GroupedLinearKernel} and
 * {@link CombineAddRmsNormKernel} behind them, with their bits. Weights are images of tiles, on 9.0. Blocks draw pieces
 * of the work in order, and wait for the pieces before that theirs needs: nothing stands still between the products.
 */
public final class ExpertsAddRmsNormKernel extends OperationKernel {
    private static final String OPERATION = "experts_add_rms_norm";
    private static final TiledBlock BLOCK = TiledBlock.M64;
    static final EntryPoint BF16 = new EntryPoint(OPERATION + "_" + BLOCK.suffix() + "_bf16", BLOCK.maxRegisters(),
            POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER,
            POINTER, INT, INT, INT, INT, FLOAT);

    private final Launch launch;
    private final LaunchShape shape =
            LaunchShape.ofThreads(BLOCK.threads()).dynamicShared(BLOCK.expertDrawSharedBytes());
    private final AddRmsNormRouteTopKKernel.Rule rule;
    private final int hidden;
    private final int numMultiprocessors;

    /**
     * Loads the kernels.
     *
     * @param hidden a multiple of 8 and at most 2048
     */
    public ExpertsAddRmsNormKernel(Device device, AddRmsNormRouteTopKKernel.Rule rule, int hidden, float eps) {
        super(device, OPERATION, WeightFormat.TILES.ptxSet());
        this.rule = rule;
        this.hidden = WarpRows.requireColumns(hidden);
        numMultiprocessors = device.properties().cores().numMultiprocessors();
        launch = launch(BF16);
        launch.allowDynamicShared(BLOCK.expertDrawSharedBytes());
        launch.args()
                .setInt(14, rule.expertsPerToken())
                .setInt(16, hidden)
                .setFloat(17, eps);
    }

    /** Whether it is for steps of so many pairs: of few rows an expert, where a launch costs most. */
    public static boolean isFor(int numPairs, int numExperts) {
        return TiledBlock.selectGrouped(numPairs, numExperts) == BLOCK;
    }

    /**
     * What the experts compute with; addresses of bfloat16.
     *
     * @param inner [pairs, width], overwritten
     * @param outer [pairs, hidden], overwritten
     * @param gateUp [experts][2 width, hidden]: 8 rows of gate, 8 of up, in turn
     * @param down [experts][hidden, width]
     * @param norm [hidden]
     * @param width of an expert, a multiple of 8
     */
    public record Operands(long inner, long outer, long gateUp, long down, long norm, int width) {
        public Operands {
            requireVectors("experts", width);
        }
    }

    /**
     * Queues it.
     *
     * @param residual address of bfloat16 [tokens, hidden], overwritten with the sum
     * @param x address of bfloat16 [tokens, hidden]: what goes into the experts, overwritten with the norm
     * @param routing what {@link AddRmsNormRouteTopKKernel} made of so many tokens
     * @param numRealTokens address of int [1]: tokens from there on are padding, without experts; 0 if there is none
     * @param numTokens such that {@link #isFor} holds
     */
    public void launch(Stream stream, long residual, long x, Operands operands, RoutingAddresses routing,
            long numRealTokens, int numTokens) {
        if (numTokens == 0) {
            return;
        }
        int numPairs = numTokens * rule.expertsPerToken();
        assert isFor(numPairs, rule.numExperts()) : numPairs + " pairs of " + rule.numExperts();
        launch.args()
                .setPointer(0, residual)
                .setPointer(1, x)
                .setPointer(2, operands.inner())
                .setPointer(3, operands.outer())
                .setPointer(4, operands.gateUp())
                .setPointer(5, operands.down())
                .setPointer(6, operands.norm())
                .setPointer(7, routing.sortedPairs())
                .setPointer(8, routing.tiles())
                .setPointer(9, routing.numTiles())
                .setPointer(10, routing.progress())
                .setPointer(11, routing.weights())
                .setPointer(12, numRealTokens)
                .setInt(13, numTokens)
                .setInt(15, operands.width());
        // A pair brings one tile at most, and a token at most a piece of the result.
        long numPieces = (long) numPairs * (BLOCK.numParts(2 * operands.width()) + BLOCK.numParts(hidden)) + numTokens;
        int numBlocks = (int) Math.min(numPieces, (long) numMultiprocessors * BLOCK.blocksPerMultiprocessor());
        launch.run(stream, shape.grid(numBlocks, 1, 1));
    }
}
