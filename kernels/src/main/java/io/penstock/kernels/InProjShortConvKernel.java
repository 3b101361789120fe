package io.penstock.kernels;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/**
 * {@link LinearKernel}, then {@link ShortConvKernel}, with their bits, for a batch in which each sequence has exactly
 * one token: row i is the token of sequence i. The projection's rows lie so that B, C and x of the same channels meet
 * in a block; {@link #row} says how. Other batches multiply by the same weight with {@link LinearKernel}, whose columns
 * then come in that order, as {@link ShortConvKernel} reads them.
 */
public abstract sealed class InProjShortConvKernel extends OperationKernel
        permits RowMajorInProjShortConv, TiledInProjShortConv {
    /** Rows of the projection come in turn: so many of B, of C and of x. */
    public static final int PART_ROWS = 16;

    private static final int PARTS = 3;
    private static final int FIRST_INT = 11;

    private final int hidden;

    InProjShortConvKernel(Device device, WeightFormat format, int hidden) {
        super(device, "in_proj_short_conv", format.ptxSet());
        this.hidden = requireParts(hidden);
    }

    /** Loads the kernels for weights of a format, and {@code hidden} channels, a multiple of 16. */
    public static InProjShortConvKernel of(Device device, WeightFormat format, int hidden) {
        return switch (format) {
            case ROW_MAJOR -> new RowMajorInProjShortConv(device, hidden);
            case TILES -> new TiledInProjShortConv(device, hidden);
        };
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

    /** An entry and its dynamic shared memory. */
    final Launch launch(EntryPoint entry, int sharedBytes) {
        Launch launch = launch(entry);
        launch.allowDynamicShared(sharedBytes);
        launch.args().setInt(FIRST_INT + 2, hidden);
        return launch;
    }

    /**
     * Queues it.
     *
     * @param out address of bfloat16 [seqs, hidden]
     * @param x address of bfloat16 [seqs, hidden]
     * @param inProj address of bfloat16 [3 hidden, hidden], its rows in the order of {@link #row}
     * @param sequences of which {@code tokenSeqs} and {@code cuSeqlensQ} are not read
     */
    public final void launch(Stream stream, long out, long x, long inProj, ShortConvKernel.LayerAddresses layer,
            ShortConvKernel.SequenceAddresses sequences, int numSeqs, int numSnapshots) {
        if (numSeqs == 0) {
            return;
        }
        int plan = plan(numSeqs, hidden);
        Launch launch = launchOf(plan);
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
                .setInt(FIRST_INT, numSeqs)
                .setInt(FIRST_INT + 1, numSnapshots)
                .setLong(FIRST_INT + 3, layer.slotStride());
        launch.run(stream, shape(launch, plan, numSeqs, hidden));
    }

    /** How the work is cut, in a code of the subclass. */
    abstract int plan(int numSeqs, int hidden);

    abstract Launch launchOf(int plan);

    /** The launch's shape, after setting what arguments are left. */
    abstract LaunchShape shape(Launch launch, int plan, int numSeqs, int hidden);
}
