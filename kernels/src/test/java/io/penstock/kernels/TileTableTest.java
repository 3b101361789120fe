package io.penstock.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;

/** What a table chooses, and that the kernels have code for it. */
class TileTableTest {
    private static String described(int plan) {
        return TiledBlock.block(plan) + " " + TiledBlock.numRowTiles(plan);
    }

    @Test
    void theLeastNumberOfRowsThatFitsDecides() {
        var table = new TileTable(List.of(
                new TileTable.Choice(2048, 512, 256, TiledBlock.M128, 128),
                new TileTable.Choice(2048, 512, 32, TiledBlock.M64, 16)));
        assertEquals("M64 2", described(table.plan(32, 2048, 512, 132)));
        assertEquals("M128 1", described(table.plan(33, 2048, 512, 132)));
        assertEquals("M128 2", described(table.plan(256, 2048, 512, 132)));
        for (int[] other : new int[][] {{257, 2048, 512}, {32, 2048, 520}, {32, 2056, 512}}) {
            assertEquals(TiledBlock.select(other[0], other[1], other[2], 132),
                    table.plan(other[0], other[1], other[2], 132));
        }
    }

    @Test
    void everyLegalChoiceHasCodeForAnyNumberOfRowsThatItIsFor() {
        var random = new SplittableRandom(4);
        for (int trial = 0; trial < 300; trial++) {
            int maxRows = random.nextInt(1, 3000);
            for (TileTable.Choice choice : TileTable.legal(maxRows, 2048, 2048)) {
                int rows = random.nextInt(1, maxRows + 1);
                int plan = new TileTable(List.of(choice)).plan(rows, 2048, 2048, 132);
                assertEquals(choice.block(), TiledBlock.block(plan));
                int tiles = TiledBlock.numRowTiles(plan);
                assertTrue(tiles >= 1 && tiles <= Math.ceilDiv(rows, 16), rows + " rows: " + choice);
                assertTrue(choice.block().tileRows(rows, tiles) <= choice.block().mostRows());
            }
        }
    }

    @Test
    void theModelsChoiceIsAmongTheLegalOnes() {
        for (int rows : new int[] {1, 17, 64, 300, 2048, 8192}) {
            String chosen = described(TiledBlock.select(rows, 3072, 2048, 132));
            assertTrue(TileTable.legal(rows, 3072, 2048).stream()
                    .anyMatch(choice -> described(new TileTable(List.of(choice)).plan(rows, 3072, 2048, 132))
                            .equals(chosen)), rows + " rows: " + chosen);
        }
    }

    @Test
    void blocksOfConvolutionsAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> new TileTable.Choice(6144, 2048, 32, TiledBlock.M48, 16));
    }

    @Test
    void twoChoicesForOneProductAreRefused() {
        var one = new TileTable.Choice(2048, 512, 32, TiledBlock.M64, 16);
        var other = new TileTable.Choice(2048, 512, 32, TiledBlock.M128, 64);
        var refused = assertThrows(IllegalArgumentException.class, () -> new TileTable(List.of(one, other)));
        assertEquals("two choices for 32 rows by 2048 x 512", refused.getMessage());
    }
}
