package io.penstock.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.device.LaunchShape;
import java.util.SplittableRandom;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Launch shapes are pure functions of sizes, and cover all of the output. */
class ShapeSelectionTest {
    @ParameterizedTest
    @CsvSource({
        "1, 2048, M16", "16, 128000, M16", "17, 2048, M64", "64, 3072, M64", "128, 6144, M64", "129, 2048, M64",
        "256, 8448, M128", "2048, 2048, M128", "512, 2048, M64", "128, 16896, M128", "8192, 32, M64"
    })
    void linearTile(int numRows, int numColumns, LinearTile tile) {
        assertEquals(tile, LinearTile.select(numRows, numColumns, 132));
    }

    @Test
    void linearGridsCoverTheOutput() {
        for (LinearTile tile : LinearTile.values()) {
            for (int n = 1; n < 400; n += 7) {
                int rows = tile == LinearTile.M128 ? 128 : tile == LinearTile.M64 ? 64 : 16;
                int columns = tile == LinearTile.M128 ? 128 : 64;
                assertEquals((n + rows - 1) / rows, tile.gridX(n));
                assertEquals((n + columns - 1) / columns, tile.gridY(n));
            }
            assertTrue(tile.sharedBytes() <= 99 * 1024, "a block of compute capability 8.9 has 99 KiB");
        }
    }

    @ParameterizedTest
    @CsvSource({"4, M16", "256, M16", "257, M64", "1280, M64", "1281, M128", "32768, M128"})
    void groupedTile(int numPairs, LinearTile tile) {
        assertEquals(tile, LinearTile.selectGrouped(numPairs, 32));
    }

    /** However pairs are spread over experts, there are tiles enough for all and memory for their list. */
    @Test
    void groupedTilesAreEnoughForAnyRouting() {
        SplittableRandom random = new SplittableRandom(1);
        for (int trial = 0; trial < 20_000; trial++) {
            int numExperts = random.nextInt(1, 9) * 8;
            int[] rows = new int[numExperts];
            int numPairs = random.nextInt(1, 3000);
            int numUsed = random.nextInt(1, numExperts + 1);
            for (int p = 0; p < numPairs; p++) {
                rows[random.nextInt(numUsed)]++;
            }
            LinearTile tile = LinearTile.selectGrouped(numPairs, numExperts);
            int tiles = 0;
            for (int each : rows) {
                tiles += Math.ceilDiv(each, tile.blockRows());
            }
            assertTrue(tiles <= tile.maxTiles(numPairs, numExperts), numPairs + " pairs, " + numExperts + " experts");
            int more = numPairs + random.nextInt(3000);
            assertTrue(tile.maxTiles(numPairs, numExperts) <= LinearTile.mostTiles(more, numExperts),
                    numPairs + " of up to " + more + " pairs, " + numExperts + " experts");
        }
    }

    @Test
    void inProjTiles() {
        assertEquals(InProjTile.M32, InProjTile.select(32, 2048, 132));
        assertEquals(InProjTile.M64, InProjTile.select(33, 2048, 132));
        assertEquals(InProjTile.M64, InProjTile.select(256, 2048, 132));
        assertEquals(InProjTile.M128, InProjTile.select(257, 2048, 132));
        for (InProjTile tile : InProjTile.values()) {
            assertTrue(tile.sharedBytes() <= 99 * 1024, "a block of compute capability 8.9 has 99 KiB");
        }
        assertEquals(128, InProjTile.M32.gridY(2048));
    }

    @Test
    void inProjRowsAreAPermutation() {
        boolean[] taken = new boolean[3 * 80];
        for (int part = 0; part < 3; part++) {
            for (int channel = 0; channel < 80; channel++) {
                int row = InProjShortConvKernel.row(part, channel);
                assertTrue(!taken[row], "part " + part + ", channel " + channel);
                taken[row] = true;
            }
        }
        assertEquals(16, InProjShortConvKernel.row(1, 0));
        assertEquals(48, InProjShortConvKernel.row(0, 16));
    }

    @Test
    void warpRows() {
        WarpRows rows = new WarpRows();
        int[] numRows = {1, 4, 5, 63, 64, 65, 8192};
        int[] blocks = {1, 1, 2, 16, 6, 6, 683};
        for (int i = 0; i < numRows.length; i++) {
            LaunchShape shape = rows.shape(numRows[i]);
            assertEquals(blocks[i], shape.gridX(), numRows[i] + " rows");
            assertEquals(WarpRows.warps(numRows[i]) * 32, shape.blockX(), numRows[i] + " rows");
        }
    }

    @Test
    void otherGrids() {
        assertEquals(1, AddKernel.blocks(512));
        assertEquals(2, AddKernel.blocks(513));
        assertEquals(7, SiluAndMulKernel.blocks(7168, 2));
        assertEquals(14, SiluAndMulKernel.blocks(7168, 4));
        assertEquals(2, SiluAndMulKernel.blocks(1792, 2));
        assertEquals(33, QkNormRopeStoreKernel.blocks(65));
        assertEquals(2, ShortConvKernel.tokenBlocks(129));
        assertEquals(32, ShortConvKernel.channelBlocks(2048));
        assertEquals(2, ShortConvKernel.channelBlocks(80));
    }

    @Test
    void tileImageIsAPermutation() {
        boolean[] taken = new boolean[64 * 64];
        for (int token = 0; token < 64; token++) {
            for (int dim = 0; dim < 64; dim++) {
                int at = QkNormRopeStoreKernel.tileOffset(token, dim);
                assertEquals(token, at / 64, "a token's row stays in place");
                assertTrue(!taken[at], "token " + token + ", dim " + dim);
                taken[at] = true;
            }
        }
        assertEquals(8, QkNormRopeStoreKernel.tileOffset(0, 8));
        assertEquals(64, QkNormRopeStoreKernel.tileOffset(1, 8));
    }

    @Test
    void sizesThatKernelsCannotTakeAreRefused() {
        assertThrows(IllegalArgumentException.class, () -> OperationKernel.requireVectors("hidden", 2052));
        assertThrows(IllegalArgumentException.class, () -> OperationKernel.requireVectors("hidden", 0));
        assertThrows(IllegalArgumentException.class, () -> WarpRows.requireColumns(2056));
        assertThrows(IllegalArgumentException.class, () -> InProjShortConvKernel.requireParts(72));
        assertThrows(IllegalArgumentException.class, () -> new AddRmsNormRouteTopKKernel.Rule(72, 4, true, 1));
        assertThrows(IllegalArgumentException.class, () -> new AddRmsNormRouteTopKKernel.Rule(12, 4, true, 1));
        assertThrows(IllegalArgumentException.class, () -> new AddRmsNormRouteTopKKernel.Rule(32, 9, true, 1));
        assertEquals(2048, WarpRows.requireColumns(2048));
    }
}
