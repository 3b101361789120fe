package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.LONG;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/**
 * The gated short convolution of three taps over a ragged batch, decode and prefill alike: {@code out[t] = C[t] *
 * sum_i conv[i] * (B x)[t - 2 + i]}. A sequence's history comes from its slot, from a snapshot, or is zero when it has
 * no computed tokens; its slot gets the last two columns of {@code B x}, and so does each snapshot that is asked for.
 *
 * <p>The block with a sequence's first token reads and writes its slot. A slot or snapshot that one sequence reads is
 * not written for another in the same launch.
 */
public final class ShortConvKernel extends OperationKernel {
    static final EntryPoint BF16 = new EntryPoint("short_conv_bf16", 64, POINTER, POINTER, POINTER, POINTER, POINTER,
            POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, INT, INT, INT, LONG);

    /** Taps of the convolution; its history is one column less. */
    public static final int TAPS = 3;

    private static final int BLOCK_THREADS = 512;
    private static final int TILE_TOKENS = 128;
    private static final int TILE_CHANNELS = 64;

    private final Launch launch;
    private final int hidden;
    private final LaunchShape shape = LaunchShape.ofThreads(BLOCK_THREADS);

    /** For {@code hidden} channels, a multiple of 16. */
    public ShortConvKernel(Device device, int hidden) {
        super(device, "short_conv");
        this.hidden = InProjShortConvKernel.requireParts(hidden);
        launch = launch(BF16);
        launch.args().setInt(14, hidden);
    }

    static int tokenBlocks(int numTokens) {
        return Math.ceilDiv(numTokens, TILE_TOKENS);
    }

    static int channelBlocks(int hidden) {
        return Math.ceilDiv(hidden, TILE_CHANNELS);
    }

    /**
     * Addresses that hold for a layer.
     *
     * @param conv bfloat16 [3, hidden]: the taps, oldest first
     * @param states bfloat16 [slot][2, oldest first][hidden], a slot every {@code slotStride} elements
     * @param snapshots bfloat16, laid out as the states
     * @param slotStride elements from a slot to the next; a multiple of 8, at least 2 hidden
     */
    public record LayerAddresses(long conv, long states, long snapshots, long slotStride) {}

    /**
     * Addresses of a batch's arrays of int.
     *
     * @param tokenSeqs [tokens]: the sequence of each token
     * @param cuSeqlensQ [seqs + 1]: the first token of each sequence
     * @param seqLensK [seqs]: the context length of each, this step's tokens included
     * @param convSlots [seqs]; a negative one marks a padding sequence, which reads and writes no state
     * @param initialSnapshots [seqs]: the snapshot to start from, negative for the slot
     * @param snapshotTokens [snapshots], rising: after these tokens the state is written
     * @param snapshotSlots [snapshots]: to these snapshots
     */
    public record SequenceAddresses(long tokenSeqs, long cuSeqlensQ, long seqLensK, long convSlots,
            long initialSnapshots, long snapshotTokens, long snapshotSlots) {}

    /**
     * Queues it.
     *
     * @param out address of bfloat16 [tokens, hidden]
     * @param bcx address of bfloat16 [tokens, 3 hidden]: columns in the order of {@link InProjShortConvKernel#row}
     */
    public void launch(Stream stream, long out, long bcx, LayerAddresses layer, SequenceAddresses sequences,
            int numTokens, int numSnapshots) {
        if (numTokens == 0) {
            return;
        }
        launch.args()
                .setPointer(0, out)
                .setPointer(1, bcx)
                .setPointer(2, layer.conv())
                .setPointer(3, layer.states())
                .setPointer(4, layer.snapshots())
                .setPointer(5, sequences.tokenSeqs())
                .setPointer(6, sequences.cuSeqlensQ())
                .setPointer(7, sequences.seqLensK())
                .setPointer(8, sequences.convSlots())
                .setPointer(9, sequences.initialSnapshots())
                .setPointer(10, sequences.snapshotTokens())
                .setPointer(11, sequences.snapshotSlots())
                .setInt(12, numTokens)
                .setInt(13, numSnapshots)
                .setLong(15, layer.slotStride());
        launch.run(stream, shape.grid(channelBlocks(hidden), tokenBlocks(numTokens), 1));
    }
}
