package io.penstock.kernels;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/**
 * {@link LinearKernel}, then {@link ShortConvKernel}, with their bits, for a batch in which each sequence has exactly
 * one token: row i is the token of sequence i. The projection's rows lie so that a thread has B, C and x of the same
 * channels; {@link #row} says how. Other batches multiply by the same weight with {@link LinearKernel}, whose columns
 * then come in that order, as {@link ShortConvKernel} reads them.
 */
public final class InProjShortConvKernel extends OperationKernel {
    /** Rows of the projection come in turn: so many of B, of C and of x. */
    public static final int PART_ROWS = 16;

    private static final int PARTS = 3;
    private static final InProjTile[] TILES = InProjTile.values();

    private final LaunchShape[] shapes = new LaunchShape[TILES.length];
    private final Launch[] launches = new Launch[TILES.length];
    private final int hidden;
    private final int numMultiprocessors;

    /** For {@code hidden} channels, a multiple of 16. */
    public InProjShortConvKernel(Device device, int hidden) {
        super(device, "in_proj_short_conv");
        this.hidden = requireParts(hidden);
        numMultiprocessors = device.properties().cores().numMultiprocessors();
        for (InProjTile tile : TILES) {
            Launch launch = launch(tile.entry());
            launch.allowDynamicShared(tile.sharedBytes());
            launch.args().setInt(13, hidden);
            launches[tile.ordinal()] = launch;
            shapes[tile.ordinal()] = LaunchShape.ofThreads(tile.threads()).dynamicShared(tile.sharedBytes());
        }
    }

    /**
     * The row of the weight, and column of its product, that has a channel of a part.
     *
     * @param part 0 for B, 1 for C, 2 for x
     */
    public static int row(int part, int channel) {
        return (channel / PART_ROWS * PARTS + part) * PART_ROWS + channel % PART_ROWS;
    }

    /** Channels of a convolution come in whole parts. */
    static int requireParts(int hidden) {
        if (hidden < PART_ROWS || hidden % PART_ROWS != 0) {
            throw new UnsupportedShapeException(
                    "convolution of " + hidden + " channels: the kernels take multiples of " + PART_ROWS);
        }
        return hidden;
    }

    /**
     * Queues it.
     *
     * @param out address of bfloat16 [seqs, hidden]
     * @param x address of bfloat16 [seqs, hidden]
     * @param inProj address of bfloat16 [3 hidden, hidden], its rows in the order of {@link #row}
     * @param sequences of which {@code tokenSeqs} and {@code cuSeqlensQ} are not read
     */
    public void launch(Stream stream, long out, long x, long inProj, ShortConvKernel.LayerAddresses layer,
            ShortConvKernel.SequenceAddresses sequences, int numSeqs, int numSnapshots) {
        if (numSeqs == 0) {
            return;
        }
        InProjTile tile = InProjTile.select(numSeqs, hidden, numMultiprocessors);
        Launch launch = launches[tile.ordinal()];
        launch.args()
                .setPointer(0, out)
                .setPointer(1, x)
                .setPointer(2, inProj)
                .setPointer(3, layer.conv())
                .setPointer(4, layer.states())
                .setPointer(5, layer.snapshots())
                .setPointer(6, sequences.seqLensK())
                .setPointer(7, sequences.convSlots())
                .setPointer(8, sequences.initialSnapshots())
                .setPointer(9, sequences.snapshotTokens())
                .setPointer(10, sequences.snapshotSlots())
                .setInt(11, numSeqs)
                .setInt(12, numSnapshots)
                .setLong(14, layer.slotStride());
        launch.run(stream, shapes[tile.ordinal()].grid(tile.gridX(numSeqs), tile.gridY(hidden), 1));
    }
}
