package io.penstock.bench.predict;

import io.penstock.kernels.TiledBlock;
import java.util.ArrayList;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.Function;

/** The experts of a layer under random routing: how many there are, and how many a token has. */
public record Experts(int num, int perToken) {
    private static final int NUM_ROUTINGS = 8;
    private static final int TILE_UNIT = 16;

    /** The mean over several routings of so many tokens, which are always the same. */
    Prediction mean(int numTokens, Function<int[], Prediction> ofRowsOfExperts) {
        double seconds = 0;
        double floor = 0;
        Prediction last = null;
        for (int seed = 0; seed < NUM_ROUTINGS; seed++) {
            last = ofRowsOfExperts.apply(rowsOfExperts(numTokens, seed));
            seconds += last.seconds() / NUM_ROUTINGS;
            floor += last.floorSeconds() / NUM_ROUTINGS;
        }
        return new Prediction(seconds, floor, last.bound(), last.bytes(), last.flops());
    }

    private int[] rowsOfExperts(int numTokens, int seed) {
        var random = new SplittableRandom(seed);
        int[] order = new int[num];
        int[] rows = new int[num];
        for (int e = 0; e < order.length; e++) {
            order[e] = e;
        }
        for (int token = 0; token < numTokens; token++) {
            for (int slot = 0; slot < perToken; slot++) {
                int other = random.nextInt(slot, order.length);
                int chosen = order[other];
                order[other] = order[slot];
                order[slot] = chosen;
                rows[chosen]++;
            }
        }
        return rows;
    }

    /** Experts that have a row: their weights are read. */
    static int numTouched(int[] rowsOfExperts) {
        int touched = 0;
        for (int rows : rowsOfExperts) {
            touched += rows > 0 ? 1 : 0;
        }
        return touched;
    }

    /** The rows of x, with padding, of each tile that the router cuts experts' rows into. */
    static List<Integer> tiles(TiledBlock block, int[] rowsOfExperts) {
        List<Integer> padded = new ArrayList<>();
        for (int rows : rowsOfExperts) {
            int tiles = Math.ceilDiv(rows, block.mostRowsOfExpert());
            int units = Math.ceilDiv(rows, TILE_UNIT);
            int done = 0;
            for (int tile = 0; tile < tiles; tile++) {
                int share = (units + tile) / tiles * TILE_UNIT;
                padded.add(block.paddedOfExpert(Math.min(share, rows - done)));
                done += share;
            }
        }
        return padded;
    }
}
