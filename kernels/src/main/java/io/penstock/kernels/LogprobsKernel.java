package io.penstock.kernels;

import static io.penstock.kernels.EntryPoint.Type.INT;
import static io.penstock.kernels.EntryPoint.Type.POINTER;

import io.penstock.device.Device;
import io.penstock.device.LaunchShape;
import io.penstock.device.Stream;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;

/**
 * Log probabilities of the raw logits: of each row's token, its rank, and the most likely tokens, by the rules and with
 * the bits of {@code Logprobs}. The token is the one that {@link SampleKernel} sampled, where its slot asks for log
 * probabilities, or a given one. Two launches, one block a tile and then one a row; rows that ask for nothing read
 * nothing.
 */
public final class LogprobsKernel extends OperationKernel {
    static final EntryPoint SCAN = new EntryPoint("logprobs_scan_f32", 88, POINTER, POINTER, POINTER, POINTER, POINTER,
            POINTER, POINTER, INT, INT);
    static final EntryPoint MERGE = new EntryPoint("logprobs_merge_f32", 80, POINTER, POINTER, POINTER, POINTER,
            POINTER, POINTER, POINTER, POINTER, INT, INT);

    /** Most likely tokens that a row can list. */
    public static final int MAX_TOP = 20;

    private static final int PART_BYTES = 192;
    private static final int BLOCK_THREADS = 256;
    private static final int WARP_THREADS = 32;

    private final Launch scan;
    private final Launch merge;
    private final int numTiles;
    private final LaunchShape scanShape = LaunchShape.ofThreads(BLOCK_THREADS);
    private final LaunchShape mergeShape = LaunchShape.ofThreads(WARP_THREADS);

    /** For rows of {@code vocab} logits, of which the first {@code numValidTokens} are tokens. */
    public LogprobsKernel(Device device, int vocab, int numValidTokens) {
        super(device, "logprobs");
        scan = launch(SCAN);
        merge = launch(MERGE);
        numTiles = SampleKernel.tiles(numValidTokens);
        scan.args().setInt(7, vocab).setInt(8, numValidTokens);
        merge.args().setInt(8, vocab).setInt(9, numValidTokens);
    }

    /** Bytes that the scan leaves for the merge, for each row. */
    public static long partBytes(int numValidTokens) {
        return (long) PART_BYTES * SampleKernel.tiles(numValidTokens);
    }

    /** One row's result, as it lies in memory. */
    public static final class Result {
        /** Bytes from a row to the next. */
        public static final int SIZE_BYTES = 16 + 8 * MAX_TOP;

        private final MemorySegment results;
        private final long firstByte;

        /** @param firstByte where the first row lies */
        public Result(MemorySegment results, long firstByte) {
            this.results = results;
            this.firstByte = firstByte;
        }

        private long at(int row, int offset) {
            return firstByte + (long) SIZE_BYTES * row + offset;
        }

        private int intAt(int row, int offset) {
            return results.get(ValueLayout.JAVA_INT, at(row, offset));
        }

        public float logprob(int row) {
            return results.get(ValueLayout.JAVA_FLOAT, at(row, 0));
        }

        /** 1 for the most likely token. */
        public int rank(int row) {
            return intAt(row, 4);
        }

        /** Tokens listed; negative where the row asked for nothing, and nothing else is defined. */
        public int numTop(int row) {
            return intAt(row, 8);
        }

        public int topTokenId(int row, int index) {
            return intAt(row, 16 + Integer.BYTES * index);
        }

        public float topLogprob(int row, int index) {
            return results.get(ValueLayout.JAVA_FLOAT, at(row, 16 + Integer.BYTES * (MAX_TOP + index)));
        }
    }

    /**
     * Addresses of what a step says of its rows, and of the slots.
     *
     * @param tokens int [rows]: what was sampled
     * @param targets int [rows]: a token to score, or negative
     * @param numTops int [rows]: most likely tokens that a scored row lists
     * @param rowSlots int [rows]: the conv slot that sampled, or negative
     * @param slots [conv slots] of {@link SamplingSlot#SIZE_BYTES}
     */
    public record RowAddresses(long tokens, long targets, long numTops, long rowSlots, long slots) {}

    /**
     * Queues it.
     *
     * @param results address of {@link Result#SIZE_BYTES} a row
     * @param parts address of {@link #partBytes} a row, a multiple of 64
     * @param logits address of float32 [rows, vocab], a multiple of 16
     */
    public void launch(Stream stream, long results, long parts, long logits, RowAddresses rows, int numRows) {
        if (numRows == 0) {
            return;
        }
        scan.args().setPointer(0, parts).setPointer(1, logits);
        setRows(scan, 2, rows);
        scan.run(stream, scanShape.grid(numTiles, numRows, 1));
        merge.args().setPointer(0, results).setPointer(1, parts).setPointer(2, logits);
        setRows(merge, 3, rows);
        merge.run(stream, mergeShape.grid(numRows, 1, 1));
    }

    private static void setRows(Launch launch, int first, RowAddresses rows) {
        launch.args()
                .setPointer(first, rows.tokens())
                .setPointer(first + 1, rows.targets())
                .setPointer(first + 2, rows.numTops())
                .setPointer(first + 3, rows.rowSlots())
                .setPointer(first + 4, rows.slots());
    }
}
