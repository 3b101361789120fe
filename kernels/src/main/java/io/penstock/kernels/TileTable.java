package io.penstock.kernels;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;

/**
 * How dense products on tiles are cut, by their sizes: what was measured on a device, and where nothing was, what the
 * model of {@link TiledBlock} says. A row has the same bits whatever is chosen.
 */
public final class TileTable {
    /** Nothing was measured. */
    public static final TileTable BUILT_IN = new TileTable(List.of());

    private static final int UNIT_ROWS = 16;

    private final Choice[] choices;

    /**
     * Products of up to {@code maxRows} rows with a weight are cut into tiles of {@code tileRows}.
     *
     * @param weightRows columns of the product, twice as many where gate and up are multiplied
     * @param tileRows one of the numbers of rows that the block has code for
     */
    public record Choice(int weightRows, int k, int maxRows, TiledBlock block, int tileRows) {
        public Choice {
            if (weightRows < 1 || k < 1 || maxRows < 1) {
                throw new IllegalArgumentException("sizes must be at least 1, not " + weightRows + ", " + k + " and "
                        + maxRows);
            }
            if (!List.of(TiledBlock.OF_PRODUCTS).contains(block)) {
                throw new IllegalArgumentException(block + " is not for products alone");
            }
            if (tileRows < 1 || tileRows > block.mostRows() || block.padded(tileRows) != tileRows) {
                throw new IllegalArgumentException(block + " has no code for tiles of " + tileRows + " rows");
            }
        }

        private int plan(int numRows) {
            int tiles = Math.ceilDiv(numRows, tileRows);
            return TiledBlock.plan(block, Math.min(tiles, Math.ceilDiv(numRows, UNIT_ROWS)));
        }
    }

    /** Of choices in any order, of which two may not be for the same sizes. */
    public TileTable(List<Choice> choices) {
        this.choices = choices.stream().sorted(Comparator.comparingInt(Choice::weightRows)
                .thenComparingInt(Choice::k).thenComparingInt(Choice::maxRows)).toArray(Choice[]::new);
        for (int i = 1; i < this.choices.length; i++) {
            Choice one = this.choices[i - 1];
            Choice other = this.choices[i];
            if (one.weightRows == other.weightRows && one.k == other.k && one.maxRows == other.maxRows) {
                throw new IllegalArgumentException("two choices for " + one.maxRows + " rows by " + one.weightRows
                        + " x " + one.k);
            }
        }
    }

    /** By the weight's sizes, then by rows. */
    public List<Choice> choices() {
        return List.of(choices);
    }

    /** Every way to cut a product that differs from the others. */
    public static List<Choice> legal(int numRows, int weightRows, int k) {
        List<Choice> legal = new ArrayList<>();
        List<Integer> plans = new ArrayList<>();
        for (TiledBlock block : TiledBlock.OF_PRODUCTS) {
            for (int tileRows = 1; tileRows <= block.mostRows(); tileRows++) {
                if (block.padded(tileRows) != tileRows) {
                    continue;
                }
                var choice = new Choice(weightRows, k, numRows, block, tileRows);
                int plan = choice.plan(numRows);
                if (!plans.contains(plan)) {
                    plans.add(plan);
                    legal.add(choice);
                }
            }
        }
        return legal;
    }

    /** The variant and the number of tiles for a product, as {@link TiledBlock#select}; allocates nothing. */
    int plan(int numRows, int weightRows, int k, int numMultiprocessors) {
        for (Choice choice : choices) {
            if (choice.weightRows == weightRows && choice.k == k && numRows <= choice.maxRows) {
                return choice.plan(numRows);
            }
        }
        return TiledBlock.select(numRows, weightRows, k, numMultiprocessors);
    }
}
