package io.penstock.kernels;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.io.IOException;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.List;
import java.util.SplittableRandom;
import java.util.function.IntUnaryOperator;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;

/** The variants on tiles: chosen by a pure function, and small enough for a multiprocessor of 9.0. */
class TiledBlockTest {
    private static final Path CUDA = Path.of(System.getProperty("basedir", ".")).resolve("src/main/cuda/sm_90a");
    private static final int MULTIPROCESSORS = 132;

    /** Rows, the weight's rows, k: the variant and the number of tiles of rows. */
    @ParameterizedTest
    @CsvSource({
        "1, 2048, 2048, M64, 1", "64, 3072, 2048, M64, 2", "256, 2048, 2048, M64, 4", "300, 14336, 2048, M128, 2",
        "1, 65536, 2048, M64, 1", "1024, 65536, 2048, M128, 4", "2048, 2048, 2048, M128, 8",
        "8192, 2048, 2048, M128, 32", "8192, 14336, 2048, M128, 32", "17, 8, 8, M64, 2"
    })
    void selected(int numRows, int weightRows, int k, TiledBlock block, int numRowTiles) {
        int plan = TiledBlock.select(numRows, weightRows, k, MULTIPROCESSORS);
        assertEquals(block + " " + numRowTiles, TiledBlock.block(plan) + " " + TiledBlock.numRowTiles(plan));
    }

    /** Whatever is chosen, each tile's rows have code; none does more than the worst of the other choices. */
    @Test
    void anyProductHasCode() {
        SplittableRandom random = new SplittableRandom(1);
        for (int trial = 0; trial < 20_000; trial++) {
            int numRows = random.nextInt(1, 9000);
            int weightRows = 8 * random.nextInt(1, 9000);
            int plan = TiledBlock.select(numRows, weightRows, 8 * random.nextInt(1, 1000), MULTIPROCESSORS);
            TiledBlock block = TiledBlock.block(plan);
            int units = Math.ceilDiv(numRows, 16);
            int tiles = TiledBlock.numRowTiles(plan);
            assertTrue(tiles >= 1 && tiles <= units, numRows + " rows in " + tiles + " tiles");
            int most = Math.min(numRows, 16 * Math.ceilDiv(units, tiles));
            assertTrue(block.padded(most) <= block.mostRows(), numRows + " rows in " + tiles + " tiles of " + block);
        }
    }

    @ParameterizedTest
    @CsvSource({"4, M64", "1024, M64", "1025, M128", "32768, M128"})
    void selectedGrouped(int numPairs, TiledBlock block) {
        assertEquals(block, TiledBlock.selectGrouped(numPairs, 32));
    }

    /** The list of tiles has room for those of either format. */
    @Test
    void tilesAreNoMoreThanRowMajorOnes() {
        for (int numExperts = 8; numExperts <= 64; numExperts += 8) {
            for (int numPairs = 1; numPairs < 9000; numPairs += 37) {
                int rows = GroupedLinearKernel.tileRows(WeightFormat.TILES, numPairs, numExperts);
                int tiles = Math.min(numPairs, (numPairs + numExperts * (rows - 1)) / rows);
                assertTrue(tiles <= LinearTile.mostTiles(numPairs, numExperts), numPairs + " of " + numExperts);
            }
        }
    }

    /** Blocks of a multiprocessor by the budgets; {@link OccupancyTest} has what was compiled. */
    @ParameterizedTest
    @EnumSource
    void occupancy(TiledBlock block) {
        boolean isOfProducts = List.of(TiledBlock.OF_PRODUCTS).contains(block);
        int[] each = isOfProducts ? new int[] {
            block.sharedBytes(), block.headSharedBytes(), block.expertDrawSharedBytes(), block.drawSharedBytes()
        } : new int[] {block.sharedBytes()};
        for (int sharedBytes : each) {
            Occupancy occupancy = Occupancy.of(
                    new FakeDevice().properties(), block.maxRegisters(), block.threads(), sharedBytes);
            assertEquals(block.blocksPerMultiprocessor(), occupancy.numBlocks(), block + ": " + occupancy);
        }
        int inFlight = block.blocksPerMultiprocessor() * block.numStages() * block.blockRows() * 128;
        assertTrue(inFlight >= 64 << 10, block + " has " + inFlight + " bytes of weights under way");
    }

    /** What the warpgroups have after they have passed registers on is what there was. */
    @Test
    void registersThatMoveAreThere() throws IOException {
        String source = Files.readString(CUDA.resolve("../common/tiled_linear.cuh"));
        assertTrue(source.contains("setmaxnreg_dec<Block::kMath == 2 ? 72 : 56>()"));
        assertTrue(source.contains("setmaxnreg_inc<Block::kMath == 2 ? 216 : 152>()"));
        assertTrue(128 * 72 + 2 * 128 * 216 <= TiledBlock.M128.threads() * TiledBlock.M128.maxRegisters());
        assertTrue(128 * 56 + 3 * 128 * 152 <= TiledBlock.M192.threads() * TiledBlock.M192.maxRegisters());
    }

    @ParameterizedTest
    @EnumSource
    void theSourcesHaveTheSameTable(TiledBlock block) throws IOException {
        if (List.of(TiledBlock.OF_PRODUCTS).contains(block)) {
            requireTable("../common/linear_work.cuh", block, "TiledBlock<", block.mostRows(), block::padded);
            requireTable("../common/grouped_work.cuh", block, "TiledBlock<", block.mostRowsOfExpert(),
                    block::paddedOfExpert);
        } else {
            requireTable("in_proj_short_conv.cu", block, "ConvBlock<", block.mostRows(), block::padded);
        }
    }

    private static void requireTable(
            String source, TiledBlock block, String template, int mostRows, IntUnaryOperator padded)
            throws IOException {
        String counts = IntStream.rangeClosed(1, mostRows).map(padded).distinct().mapToObj(Integer::toString)
                .collect(Collectors.joining(", "));
        boolean hasWholeTiles = template.equals("TiledBlock<");
        String table = "using Block" + block + " = " + template + block.tensorRows() / WeightTiles.SIDE + ", "
                + block.numStages() + ", " + (hasWholeTiles ? "" : block.blockRows() + ", ") + "RowCounts<" + counts
                + ">>;";
        assertTrue(Files.readString(CUDA.resolve(source)).contains(table), source + " lacks: " + table);
    }

    /** Sequences, and the variant and the number of tiles: while there are few, all multiprocessors have a part. */
    @ParameterizedTest
    @CsvSource({
        "1, 2048, M48, 1", "64, 2048, M48, 1", "128, 2048, M48, 2", "129, 2048, M192, 3", "256, 2048, M192, 4",
        "2048, 2048, M192, 11", "2048, 1040, M48, 32"
    })
    void selectedInProj(int numSeqs, int hidden, TiledBlock block, int numRowTiles) {
        int plan = TiledBlock.selectInProj(numSeqs, hidden, MULTIPROCESSORS);
        assertEquals(block + " " + numRowTiles, TiledBlock.block(plan) + " " + TiledBlock.numRowTiles(plan));
    }

    @ParameterizedTest
    @CsvSource({"64, 64", "8, 8", "72, 136", "128, 72", "200, 264"})
    void bandsHaveEveryValueOnceAndZerosElsewhere(int numRows, int k) {
        short[] rows = new short[numRows * k];
        for (int i = 0; i < rows.length; i++) {
            rows[i] = (short) (i + 1);
        }
        short[] tiles = new short[(int) WeightFormat.TILES.matrixBytes(numRows, k) / Short.BYTES];
        Arrays.fill(tiles, (short) -1);
        int numBands = WeightTiles.rowTiles(numRows);
        long bandBytes = (long) tiles.length * Short.BYTES / numBands;
        for (int band = 0; band < numBands; band++) {
            int first = Math.min(numRows, band * WeightTiles.SIDE);
            MemorySegment from = MemorySegment.ofArray(rows).asSlice((long) first * k * Short.BYTES);
            WeightTiles.writeBand(from, Math.min(WeightTiles.SIDE, numRows - first), k,
                    MemorySegment.ofArray(tiles), band * bandBytes);
        }
        MemorySegment written = MemorySegment.ofArray(tiles);
        for (int row = 0; row < numRows; row++) {
            for (int column = 0; column < k; column += 8) {
                long at = WeightTiles.offsetBytes(row, column, k);
                for (int i = 0; i < 8; i++) {
                    assertEquals(rows[row * k + column + i],
                            written.get(ValueLayout.JAVA_SHORT_UNALIGNED, at + (long) i * Short.BYTES));
                    written.set(ValueLayout.JAVA_SHORT_UNALIGNED, at + (long) i * Short.BYTES, (short) 0);
                }
            }
        }
        assertTrue(Arrays.equals(new short[tiles.length], tiles), "what is left are zeros");
    }

    @Test
    void onlyOneDeviceHasTiles() {
        FakeDevice device = new FakeDevice();
        assertEquals(WeightFormat.TILES, WeightFormat.of(device.properties()));
        assertEquals("attention experts_add_rms_norm grouped_linear in_proj_short_conv linear"
                + " qkv_norm_rope_store",
                Ptx.operations(PtxSet.HOPPER).stream().collect(Collectors.joining(" ")));
    }
}
