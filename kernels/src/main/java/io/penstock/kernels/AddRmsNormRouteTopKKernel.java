package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.FLOAT;
import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/**
 * {@code residual += update; out = rmsNorm(residual)}, then the router: {@code s = sigmoid(out gateᵀ)}, the experts
 * with the largest {@code s + bias} (ties to the lowest index) and their weights, and the (token, slot) pairs sorted by
 * expert and cut into the tiles of {@link GroupedLinearKernel}. All of it stays on the device and is the same in any
 * schedule; a token's values depend on no other token.
 */
public final class AddRmsNormRouteTopKKernel extends OperationKernel {
    static final EntryPoint BF16 = new EntryPoint("add_rms_norm_route_top_k_bf16", 128, POINTER, POINTER, POINTER,
            POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER,
            INT, INT, INT, INT, INT, INT, FLOAT, FLOAT);

    static final EntryPoint REGROUP = new EntryPoint("add_rms_norm_route_top_k_regroup", 80, POINTER, POINTER,
            POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, INT, INT, INT, INT);

    /** Experts come in multiples of it. */
    public static final int EXPERT_MULTIPLE = 8;

    public static final int MAX_EXPERTS = 64;
    public static final int MAX_EXPERTS_PER_TOKEN = 8;

    private static final int BLOCK_THREADS = 256;
    private static final int BLOCK_TOKENS = 8;
    private static final int ALIGNMENT_BYTES = 256;
    private static final int TILE_BYTES = 16;

    private final Launch launch;
    private final Launch regroup;
    private final int numExperts;
    private final int expertsPerToken;
    private final WeightFormat format;
    private final LaunchShape shape = LaunchShape.ofThreads(BLOCK_THREADS);

    /**
     * For rows of {@code numColumns}, a multiple of 8 and at most 2048.
     *
     * @param format of the experts' weights, whose kernels say how a step's pairs are cut into tiles
     */
    public AddRmsNormRouteTopKKernel(Device device, int numColumns, float eps, Rule rule, WeightFormat format) {
        super(device, "add_rms_norm_route_top_k");
        this.format = format;
        numExperts = rule.numExperts();
        expertsPerToken = rule.expertsPerToken();
        launch = launch(BF16);
        launch.args()
                .setInt(16, WarpRows.requireColumns(numColumns))
                .setInt(17, numExperts)
                .setInt(18, expertsPerToken)
                .setInt(19, rule.isNormalised() ? 1 : 0)
                .setFloat(21, rule.scaling())
                .setFloat(22, eps);
        regroup = launch(REGROUP);
        regroup.args().setInt(9, numExperts).setInt(10, expertsPerToken);
    }

    /**
     * How scores become weights.
     *
     * @param numExperts a multiple of 8, at most 64
     * @param expertsPerToken at most 8
     * @param isNormalised whether weights are divided by (their sum + 1e-6)
     * @param scaling multiplies the weights at the end
     */
    public record Rule(int numExperts, int expertsPerToken, boolean isNormalised, float scaling) {
        public Rule {
            if (numExperts < 1 || numExperts > MAX_EXPERTS || numExperts % EXPERT_MULTIPLE != 0) {
                throw new UnsupportedShapeException(numExperts + " experts: the kernel takes multiples of "
                        + EXPERT_MULTIPLE + " up to " + MAX_EXPERTS);
            }
            if (expertsPerToken < 1 || expertsPerToken > Math.min(MAX_EXPERTS_PER_TOKEN, numExperts)) {
                throw new UnsupportedShapeException(expertsPerToken + " of " + numExperts
                        + " experts a token: the kernel takes 1 to " + MAX_EXPERTS_PER_TOKEN);
            }
        }
    }

    /**
     * Addresses that hold for a layer.
     *
     * @param norm bfloat16 [columns]
     * @param gate bfloat16 [experts, columns]
     * @param bias float32 [experts], added for the choice only; 0 if the model has none
     */
    public record LayerAddresses(long norm, long gate, long bias) {}

    /**
     * A step's routing in one range of device memory: written by this operation, read by {@link GroupedLinearKernel}.
     * A pair is {@code token * expertsPerToken + slot}; slots go by falling {@code s + bias}. Padding tokens have
     * neither an expert nor a weight.
     *
     * @param expertIds int [pairs]
     * @param weights float32 [pairs]
     * @param sortedPairs int [pairs of real tokens]: sorted by expert, within an expert in rising order
     * @param offsets int [experts + 1]: where each expert begins in {@code sortedPairs}
     * @param tiles int [tiles][4]: expert, its first place in {@code sortedPairs}, rows, 0; the zero counts while
     *     {@link ExpertsAddRmsNormKernel} runs
     * @param masks for the operation itself: byte [ceil(tokens / 8)][experts]
     * @param counters int [4]: the number of tiles, and three that are zero before the first launch and after each:
     *     one for the operation itself, two for {@link ExpertsAddRmsNormKernel}
     */
    public record RoutingAddresses(long expertIds, long weights, long sortedPairs, long offsets, long tiles,
            long masks, long counters) {
        /** The range that begins at an address, a multiple of 256; it is zero before the first launch. */
        public static RoutingAddresses at(long address, int maxTokens, int numExperts, int expertsPerToken) {
            long[] sizes = sizes(maxTokens, numExperts, expertsPerToken);
            long[] at = new long[sizes.length];
            for (int i = 0; i < sizes.length; i++) {
                at[i] = i == 0 ? address : at[i - 1] + align(sizes[i - 1]);
            }
            return new RoutingAddresses(at[0], at[1], at[2], at[3], at[4], at[5], at[6]);
        }

        /** Bytes of the range. */
        public static long sizeBytes(int maxTokens, int numExperts, int expertsPerToken) {
            long sum = 0;
            for (long size : sizes(maxTokens, numExperts, expertsPerToken)) {
                sum += align(size);
            }
            return sum;
        }

        /** Address of the number of tiles [1]. */
        public long numTiles() {
            return counters;
        }

        /** Address of what {@link ExpertsAddRmsNormKernel} counts [2]. */
        long progress() {
            return counters + 2 * Integer.BYTES;
        }

        /** Address of what the operation itself counts [1]. */
        long numArrived() {
            return counters + Integer.BYTES;
        }

        /** Bytes of {@code tiles} for steps of up to so many tokens. */
        public static long tilesBytes(int maxTokens, int numExperts, int expertsPerToken) {
            return (long) TILE_BYTES * LinearTile.mostTiles(maxTokens * expertsPerToken, numExperts);
        }

        /** Bytes of {@code masks} for steps of up to so many tokens. */
        public static long masksBytes(int maxTokens, int numExperts) {
            return (long) numExperts * blocks(maxTokens);
        }

        private static long[] sizes(int maxTokens, int numExperts, int expertsPerToken) {
            int numPairs = Math.multiplyExact(maxTokens, expertsPerToken);
            long pairs = (long) Integer.BYTES * numPairs;
            return new long[] {pairs, pairs, pairs, (long) Integer.BYTES * (numExperts + 1),
                tilesBytes(maxTokens, numExperts, expertsPerToken), masksBytes(maxTokens, numExperts),
                4L * Integer.BYTES};
        }

        private static long align(long sizeBytes) {
            return Math.ceilDiv(sizeBytes, ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
        }
    }

    static int blocks(int numTokens) {
        return Math.ceilDiv(numTokens, BLOCK_TOKENS);
    }

    /**
     * Queues it; the three matrices do not overlap.
     *
     * @param residual address of bfloat16 [tokens, columns], overwritten with the sum
     * @param out address of bfloat16 [tokens, columns]
     * @param update address of bfloat16 [tokens, columns]
     * @param numRealTokens address of int [1]: tokens from there on are padding, without experts; 0 if there is none
     */
    public void launch(Stream stream, long residual, long out, long update, LayerAddresses layer,
            RoutingAddresses routing, long numRealTokens, int numTokens) {
        if (numTokens == 0) {
            return;
        }
        launch.args()
                .setPointer(0, residual)
                .setPointer(1, out)
                .setPointer(2, update)
                .setPointer(3, layer.norm())
                .setPointer(4, layer.gate())
                .setPointer(5, layer.bias())
                .setPointer(6, routing.expertIds())
                .setPointer(7, routing.weights())
                .setPointer(8, routing.sortedPairs())
                .setPointer(9, routing.offsets())
                .setPointer(10, routing.tiles())
                .setPointer(11, routing.numTiles())
                .setPointer(12, routing.masks())
                .setPointer(13, routing.numArrived())
                .setPointer(14, numRealTokens)
                .setInt(15, numTokens)
                .setInt(20, tileRows(numTokens));
        launch.run(stream, shape.grid(blocks(numTokens), 1, 1));
    }

    private int tileRows(int numTokens) {
        return GroupedLinearKernel.tileRows(format, numTokens * expertsPerToken, numExperts);
    }

    /**
     * Queues the grouping alone, of expert ids that somebody else has written: to force a choice.
     *
     * @param numRealTokens as above
     */
    public void launchRegroup(Stream stream, RoutingAddresses routing, long numRealTokens, int numTokens) {
        if (numTokens == 0) {
            return;
        }
        regroup.args()
                .setPointer(0, routing.expertIds())
                .setPointer(1, routing.sortedPairs())
                .setPointer(2, routing.offsets())
                .setPointer(3, routing.tiles())
                .setPointer(4, routing.numTiles())
                .setPointer(5, routing.masks())
                .setPointer(6, routing.numArrived())
                .setPointer(7, numRealTokens)
                .setInt(8, numTokens)
                .setInt(11, tileRows(numTokens));
        regroup.run(stream, shape.grid(blocks(numTokens), 1, 1));
    }
}
