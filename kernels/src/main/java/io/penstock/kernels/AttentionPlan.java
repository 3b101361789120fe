package io.penstock.kernels;

import io.penstock.device.DeviceProperties;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;

/**
 * A step's attention cut into items, which the blocks of a launch take one after the other: written by the host once a
 * step, read by every layer's launch, whose shape so depends on nothing. Which items there are changes who computes a
 * value, never its bits.
 *
 * <pre>
 *   header  [8]: decode items, prefill items
 *   items   [decode][8], then [prefill][8], each kind with the most tiles first:
 *           first token, tokens, conv slot, first position, first tile, end tile, first partial, pieces
 * </pre>
 *
 * An item is for all kv heads. A context is cut into pieces only where the whole items would leave multiprocessors idle
 * and there are partial results left to hold its chunks; a piece has whole context chunks. Used by one thread.
 */
public final class AttentionPlan {
    /** Keys of a tile. */
    static final int TILE_TOKENS = 64;

    /** Tiles of a context chunk, whose keys are summed up before they are merged. */
    static final int CHUNK_TILES = 8;

    /** Rows of a prefill item: pairs of a token and a head of its group. */
    static final int PREFILL_ROWS = 128;

    static final int HEADER_INTS = 8;
    static final int ITEM_INTS = 8;

    private final Sizes sizes;
    private final int[] firstTokens;
    private final int[] numTokens;
    private final int[] convSlots;
    private final int[] firstPositions;
    private final int[] items;
    private final int[] nextPlaces;
    private int numSeqs;
    private int numItems;
    private int numPartials;
    private int numDecodeItems;
    private int numPrefillItems;

    /**
     * What a plan can be at most.
     *
     * @param maxNumSeqs sequences of a step
     * @param maxNumTokens tokens of a step
     * @param maxModelLen tokens of a sequence
     * @param heads heads of the model
     * @param workers who takes items
     */
    public record Sizes(int maxNumSeqs, int maxNumTokens, int maxModelLen, Heads heads, Workers workers) {
        private static final int MAX_DECODE_PARTIALS = 4096;
        private static final int MAX_PREFILL_PARTIALS = 128;
        private static final int DECODE_LANE_BYTES = 4 * (16 + 2);
        private static final int PREFILL_BLOCK_BYTES = 128 * 4 * (64 + 8);

        private int maxChunks() {
            return Math.ceilDiv(Math.ceilDiv(maxModelLen, TILE_TOKENS), CHUNK_TILES);
        }

        private int maxTiles() {
            return Math.ceilDiv(maxModelLen, TILE_TOKENS);
        }

        int maxDecodeItems() {
            return maxNumSeqs + maxPieces(workers.decode());
        }

        int maxPrefillItems() {
            return maxPrefillTiles() + maxPieces(workers.prefill());
        }

        private int maxPrefillTiles() {
            return maxNumTokens / heads.prefillTokens() + maxNumSeqs;
        }

        /** Less than one piece a worker, and one more for each context that is cut, which is longer than that. */
        private int maxPieces(int numWorkers) {
            return 2 * Math.ceilDiv(numWorkers, heads.numKvHeads()) + 1;
        }

        /** Context chunks of decode items that can be kept at a time. */
        int numDecodePartials() {
            return (int) Math.min((long) maxNumSeqs * maxChunks(), MAX_DECODE_PARTIALS);
        }

        /** Context chunks of prefill items that can be kept at a time. */
        int numPrefillPartials() {
            return (int) Math.min((long) maxPrefillTiles() * maxChunks(), MAX_PREFILL_PARTIALS);
        }

        /** Bytes of the partial results of a launch. */
        public long partialBytes() {
            long decode = (long) numDecodePartials() * heads.groupHeads() * 4 * DECODE_LANE_BYTES;
            return heads.numKvHeads() * Math.max(decode, (long) numPrefillPartials() * PREFILL_BLOCK_BYTES);
        }

        /** Bytes of the counters, which are zero before the first launch and after each. */
        public long counterBytes() {
            int arrivals = Math.max(numDecodePartials(), numPrefillPartials()) * heads.numKvHeads();
            return (long) Integer.BYTES * (2 + arrivals);
        }

        /** Bytes of a plan. */
        public long planBytes() {
            return (long) Integer.BYTES * (HEADER_INTS + ITEM_INTS * (maxDecodeItems() + maxPrefillItems()));
        }
    }

    /**
     * Heads of a model.
     *
     * @param groupHeads query heads that share a kv head: 1 to 8
     */
    public record Heads(int groupHeads, int numKvHeads) {
        public Heads {
            if (groupHeads < 1 || groupHeads > 8 || numKvHeads < 1) {
                throw new UnsupportedShapeException(groupHeads + " query heads for each of " + numKvHeads
                        + " kv heads: the kernels take groups of 1 to 8");
            }
        }

        /** Tokens of a prefill item. */
        int prefillTokens() {
            return PREFILL_ROWS / groupHeads;
        }
    }

    /** How many take items of a launch at a time: all that a device holds. */
    public record Workers(int decode, int prefill) {
        /** The workers of a device. */
        public static Workers of(DeviceProperties device) {
            return AttentionVariant.of(device).workers(device);
        }

        /** Of a device that several share, one's workers. */
        public Workers share(int numShares) {
            return new Workers(Math.max(1, decode / numShares), Math.max(1, prefill / numShares));
        }
    }

    public AttentionPlan(Sizes sizes) {
        this.sizes = sizes;
        firstTokens = new int[sizes.maxNumSeqs()];
        numTokens = new int[sizes.maxNumSeqs()];
        convSlots = new int[sizes.maxNumSeqs()];
        firstPositions = new int[sizes.maxNumSeqs()];
        items = new int[ITEM_INTS * Math.max(sizes.maxDecodeItems(), sizes.maxPrefillItems())];
        nextPlaces = new int[sizes.maxTiles() + 1];
    }

    /** Empties the plan. */
    public void clear() {
        numSeqs = 0;
    }

    /** Adds a sequence's tokens of this step. */
    public void add(int firstToken, int numTokens, int convSlot, int firstPosition) {
        firstTokens[numSeqs] = firstToken;
        this.numTokens[numSeqs] = numTokens;
        convSlots[numSeqs] = convSlot;
        firstPositions[numSeqs] = firstPosition;
        numSeqs++;
    }

    /** Cuts what was added and writes the plan, {@link Sizes#planBytes} at most, to native memory. */
    public void write(MemorySegment target, long offsetBytes) {
        long first = offsetBytes + (long) Integer.BYTES * HEADER_INTS;
        numDecodeItems = cut(true, sizes.numDecodePartials(), sizes.workers().decode());
        place(target, first);
        numPrefillItems = cut(false, sizes.numPrefillPartials(), sizes.workers().prefill());
        place(target, first + (long) Integer.BYTES * ITEM_INTS * sizes.maxDecodeItems());
        target.set(ValueLayout.JAVA_INT, offsetBytes, numDecodeItems);
        target.set(ValueLayout.JAVA_INT, offsetBytes + Integer.BYTES, numPrefillItems);
    }

    /** Bytes of the plan as last written. */
    public long usedBytes() {
        int numUsed = numPrefillItems > 0 ? sizes.maxDecodeItems() + numPrefillItems : numDecodeItems;
        return (long) Integer.BYTES * (HEADER_INTS + ITEM_INTS * numUsed);
    }

    /** Items of single tokens, as last written. */
    public int numDecodeItems() {
        return numDecodeItems;
    }

    /** Items of more tokens, as last written. */
    public int numPrefillItems() {
        return numPrefillItems;
    }

    private static int chunks(int endPosition) {
        return Math.ceilDiv(endPosition, TILE_TOKENS * CHUNK_TILES);
    }

    private int cut(boolean isDecode, int maxPartials, int numWorkers) {
        int step = isDecode ? 1 : sizes.heads().prefillTokens();
        long numChunks = 0;
        for (int s = 0; s < numSeqs; s++) {
            if (numTokens[s] == 1 == isDecode) {
                for (int t = 0; t < numTokens[s]; t += step) {
                    numChunks += chunks(firstPositions[s] + Math.min(t + step, numTokens[s]));
                }
            }
        }
        int pieceChunks = (int) Math.max(1, Math.ceilDiv(numChunks * sizes.heads().numKvHeads(), (long) numWorkers));
        numItems = 0;
        numPartials = 0;
        for (int s = 0; s < numSeqs; s++) {
            if (numTokens[s] == 1 == isDecode) {
                for (int t = 0; t < numTokens[s]; t += step) {
                    addItem(s, t, Math.min(step, numTokens[s] - t), pieceChunks, maxPartials);
                }
            }
        }
        return numItems;
    }

    private void addItem(int s, int from, int count, int pieceChunks, int maxPartials) {
        int endPosition = firstPositions[s] + from + count;
        int numTiles = Math.ceilDiv(endPosition, TILE_TOKENS);
        int numChunks = chunks(endPosition);
        boolean isCut = numChunks > pieceChunks && numPartials + numChunks <= maxPartials;
        int pieceTiles = isCut ? pieceChunks * CHUNK_TILES : numTiles;
        for (int tile = 0; tile < numTiles; tile += pieceTiles) {
            int at = ITEM_INTS * numItems++;
            items[at] = firstTokens[s] + from;
            items[at + 1] = count;
            items[at + 2] = convSlots[s];
            items[at + 3] = firstPositions[s] + from;
            items[at + 4] = tile;
            items[at + 5] = Math.min(tile + pieceTiles, numTiles);
            items[at + 6] = numPartials;
            items[at + 7] = Math.ceilDiv(numTiles, pieceTiles);
        }
        numPartials += isCut ? numChunks : 0;
    }

    /** Writes the items, those with the most tiles first, so that the last ones to be taken are short. */
    private void place(MemorySegment target, long offsetBytes) {
        Arrays.fill(nextPlaces, 0);
        for (int i = 0; i < numItems; i++) {
            nextPlaces[tiles(i)]++;
        }
        int before = 0;
        for (int t = nextPlaces.length - 1; t >= 0; t--) {
            int count = nextPlaces[t];
            nextPlaces[t] = before;
            before += count;
        }
        for (int i = 0; i < numItems; i++) {
            long at = offsetBytes + (long) Integer.BYTES * ITEM_INTS * nextPlaces[tiles(i)]++;
            MemorySegment.copy(items, ITEM_INTS * i, target, ValueLayout.JAVA_INT, at, ITEM_INTS);
        }
    }

    private int tiles(int item) {
        return items[ITEM_INTS * item + 5] - items[ITEM_INTS * item + 4];
    }
}
