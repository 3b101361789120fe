package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;

/**
 * The next token of each row of logits: the rules of {@code docs/adr/0005-sampling-order.md}, the tokens of
 * {@code Sampler}. Two launches: a block a tile of 4,096 tokens, of a row or of some one after the other, reads the
 * logits once and notes what can matter of them, then one block a row chooses. The token becomes its slot's last one
 * and counts as output, so that the next step can be launched before this one's tokens reach the host.
 *
 * <p>Grid and addresses depend on the number of rows alone; a row whose slot is negative does nothing.
 */
public final class SampleKernel extends OperationKernel {
    static final EntryPoint SCAN = new EntryPoint("sample_scan_f32", 64, POINTER, POINTER, POINTER, POINTER, POINTER,
            POINTER, POINTER, POINTER, POINTER, POINTER, INT, INT, INT, INT, INT);
    static final EntryPoint CHOOSE = new EntryPoint("sample_choose_f32", 128, POINTER, POINTER, POINTER, POINTER,
            POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, POINTER, INT, INT, INT, INT);

    /** Tokens of the largest vocabulary. */
    public static final int MAX_VOCAB = 1 << 18;

    /** Tokens that one block reads: fixed, so that no result depends on the number of blocks. */
    public static final int TILE_TOKENS = 4096;

    private static final int BLOCK_THREADS = 256;
    private static final int TILE_RESULT_BYTES = 1024;
    private static final int HEAD_RESULT_BYTES = 8;
    private static final int CHOICE_BYTES = 68_088;
    private static final int MAX_ROWS = 65_535;

    /** Rows of a block of the scan at most: a lane looks at each. */
    private static final int MAX_ROWS_OF_BLOCK = 32;

    /** Blocks of the scan from which on they have several rows: some rounds of what a multiprocessor holds. */
    private static final int SCAN_BLOCKS_OF_MULTIPROCESSOR = 32;

    private final Launch scan;
    private final Launch choose;
    private final int numTiles;
    private final int numMultiprocessors;
    private final LaunchShape scanShape = LaunchShape.ofThreads(BLOCK_THREADS);
    private final LaunchShape chooseShape = LaunchShape.ofThreads(BLOCK_THREADS).dynamicShared(CHOICE_BYTES);

    /**
     * For rows of {@code vocab} logits.
     *
     * @param numValidTokens ids from here on are padding of the embedding and take part in nothing
     * @param maxBlocksPerSeq KV blocks from a slot's block table to the next
     */
    public SampleKernel(Device device, int vocab, int numValidTokens, int maxBlocksPerSeq) {
        super(device, "sample");
        if (numValidTokens < 1 || numValidTokens > vocab || vocab > MAX_VOCAB) {
            throw new UnsupportedShapeException(
                    numValidTokens + " valid tokens of " + vocab + ": the kernel takes at most " + MAX_VOCAB);
        }
        scan = launch(SCAN);
        choose = launch(CHOOSE);
        choose.allowDynamicShared(CHOICE_BYTES);
        numTiles = tiles(numValidTokens);
        numMultiprocessors = device.properties().cores().numMultiprocessors();
        scan.args().setInt(10, vocab).setInt(11, numValidTokens).setInt(12, maxBlocksPerSeq);
        choose.args().setInt(12, vocab).setInt(13, numValidTokens).setInt(14, maxBlocksPerSeq);
    }

    static int tiles(int numValidTokens) {
        return Math.ceilDiv(numValidTokens, TILE_TOKENS);
    }

    /**
     * Blocks of the scan for each tile: one a row, until there are so many that those whose rows have nothing to be
     * scanned would take longer to come and go than the rest to work.
     */
    static int scanBlocks(int numRows, int numTiles, int numMultiprocessors) {
        int enough = Math.ceilDiv(SCAN_BLOCKS_OF_MULTIPROCESSOR * numMultiprocessors, numTiles);
        return Math.max(Math.min(numRows, enough), Math.ceilDiv(numRows, MAX_ROWS_OF_BLOCK));
    }

    /** Bytes that the scan leaves for the choice, for each row. */
    public static long resultBytes(int numValidTokens) {
        return (long) TILE_RESULT_BYTES * tiles(numValidTokens);
    }

    /** How many results of the LM head have room in {@link #resultBytes}: one for each 64 tokens, and more. */
    static int headResults(int numValidTokens) {
        return (int) (resultBytes(numValidTokens) / HEAD_RESULT_BYTES);
    }

    /** Words of a bitmap of tokens: bit i of word w is token 32 w + i. */
    public static int bitmapWords(int vocab) {
        return Math.ceilDiv(vocab, Integer.SIZE);
    }

    /**
     * Addresses of what is known of sequences; slots of conv slots, each {@link SamplingSlot#SIZE_BYTES}.
     *
     * @param slots [conv slots]
     * @param allowed int [conv slots, bitmap words]: tokens that may be drawn, where the slot says so
     * @param seen int [conv slots, bitmap words]: tokens of prompt and output, where there is a repetition penalty
     * @param lastSampled int [conv slots]: gets the tokens, for {@link EmbedKernel}
     * @param blockTables int [conv slots, max blocks per sequence]
     * @param blockTokens int [KV blocks, 64]: the token of each KV slot, as {@link EmbedKernel} notes it
     */
    public record SequenceAddresses(long slots, long allowed, long seen, long lastSampled,
            long blockTables, long blockTokens) {}

    /**
     * Addresses of what a step says of its rows.
     *
     * @param slots int [rows]: the conv slot that samples, or negative for none
     * @param masks int [rows]: the index of the mask that the token must be in, or -1
     * @param maskWords int [masks, bitmap words]
     */
    public record RowAddresses(long slots, long masks, long maskWords) {}

    /**
     * Queues it.
     *
     * @param tokens address of int [rows]; rows without a slot are left alone
     * @param results address of {@link #resultBytes} a row, a multiple of 64
     * @param logits address of float32 [rows, vocab], a multiple of 16
     * @param isHeadDone whether {@link LinearKernel#launchHead} chose: then rows that take their logits as they are
     *     have its results instead
     */
    public void launch(Stream stream, long tokens, long results, long logits, RowAddresses rows,
            SequenceAddresses sequences, boolean isHeadDone, int numRows) {
        if (numRows == 0) {
            return;
        }
        if (numRows > MAX_ROWS) {
            throw new IllegalArgumentException(numRows + " rows, at most " + MAX_ROWS);
        }
        scan.args().setPointer(0, results).setInt(13, isHeadDone ? 1 : 0);
        setInputs(scan, 1, logits, rows, sequences);
        scan.args().setInt(14, numRows);
        scan.run(stream, scanShape.grid(numTiles, scanBlocks(numRows, numTiles, numMultiprocessors), 1));
        choose.args().setPointer(0, tokens).setPointer(1, sequences.lastSampled()).setPointer(2, results)
                .setInt(15, isHeadDone ? 1 : 0);
        setInputs(choose, 3, logits, rows, sequences);
        choose.run(stream, chooseShape.grid(numRows, 1, 1));
    }

    private static void setInputs(
            Launch launch, int first, long logits, RowAddresses rows, SequenceAddresses sequences) {
        launch.args()
                .setPointer(first, logits)
                .setPointer(first + 1, rows.slots())
                .setPointer(first + 2, rows.masks())
                .setPointer(first + 3, rows.maskWords())
                .setPointer(first + 4, sequences.slots())
                .setPointer(first + 5, sequences.allowed())
                .setPointer(first + 6, sequences.seen())
                .setPointer(first + 7, sequences.blockTables())
                .setPointer(first + 8, sequences.blockTokens());
    }
}
