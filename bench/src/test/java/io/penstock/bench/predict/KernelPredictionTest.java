package io.penstock.bench.predict;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.bench.step.StepFloors;
import io.penstock.kernels.TiledBlock;
import io.penstock.runtime.InputException;
import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.config.ModelShapes;
import io.penstock.runtime.cuda.HalfBatches;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.SplittableRandom;
import java.util.TreeMap;
import java.util.stream.DoubleStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.ValueSource;

/** The model of the kernels for 9.0: never faster than the chip, in step with the docs, and what they are meant for. */
class KernelPredictionTest {
    private static final ModelConfig MODEL = ModelShapes.named("lfm2.5-8b-a1b");
    private static final Experts EXPERTS = new Experts(32, 4);
    private static final Path DOCS = Path.of(System.getProperty("basedir", ".")).resolve("../docs/kernels");
    private static final List<String> PAGES = List.of("tiled-linear.md", "sample-from-head.md", "predictions.md");

    private static ExpertProduct gateUp(int rows) {
        return new ExpertProduct(8 * rows, EXPERTS, 3584, 2048, 1, 1);
    }

    private static ExpertProduct down(int rows) {
        return new ExpertProduct(8 * rows, EXPERTS, 2048, 1792, 2, 4);
    }

    @Test
    void thePagesHaveTheTables() throws IOException {
        List<String> lines = new ArrayList<>();
        for (String chip : Chip.NAMES) {
            var report = new PredictionReport(MODEL, Chip.named(chip));
            lines.addAll(report.steps(1024));
            lines.addAll(report.stepOperations(1024));
            lines.addAll(report.programmatic(1024));
            lines.addAll(report.head());
            if (chip.equals("h200")) {
                lines.addAll(report.expertProducts());
                lines.addAll(report.denseProducts());
            }
        }
        for (String page : PAGES) {
            lines.removeAll(Files.readAllLines(DOCS.resolve(page)));
        }
        assertTrue(lines.isEmpty(), () -> PAGES + " lack lines of './penstock bench predict':\n"
                + String.join("\n", lines));
    }

    /** Rows an expert, and the TFLOP/s of both products at least. */
    @ParameterizedTest
    @CsvSource({"256, 600", "512, 650", "1024, 650"})
    void manyRowsAnExpertMakeWhatIsAsked(int rows, double teraflops) {
        Chip chip = Chip.named("h200");
        assertTrue(gateUp(rows).on(chip).flopsPerSecond() >= teraflops * 1e12);
        assertTrue(down(rows).on(chip).flopsPerSecond() >= teraflops * 1e12);
    }

    @ParameterizedTest
    @ValueSource(ints = {8, 32, 64, 128})
    void fewRowsAnExpertTakeTheTimeOfTheWeights(int rows) {
        Chip chip = Chip.named("h200");
        for (KernelModel kernel : List.of(gateUp(rows), down(rows))) {
            Prediction prediction = kernel.on(chip);
            assertEquals(Prediction.Bound.MEMORY, prediction.bound());
            assertTrue(prediction.share() >= 0.85, kernel + " " + prediction);
        }
    }

    @Test
    void nothingIsFasterThanItsFloor() {
        var random = new SplittableRandom(1);
        for (int trial = 0; trial < 300; trial++) {
            Chip chip = Chip.named(Chip.NAMES.get(trial % Chip.NAMES.size()));
            int rows = random.nextInt(1, 6000);
            int columns = 8 * random.nextInt(1, 3000);
            int k = 8 * random.nextInt(1, 900);
            double bytes = random.nextDouble(1e3, 1e10);
            for (KernelModel kernel : List.of(new DenseProduct(rows, columns, k, 2),
                    new ExpertProduct(random.nextInt(1, 3000), EXPERTS, columns, k, 2, 4),
                    new ConvolutionProduct(rows, 16 * random.nextInt(1, 300)), new RowOperation(bytes, 1e-6),
                    new RowsBehind(new DenseProduct(rows, columns, k, 2), rows, bytes, 1e-6),
                    new ExpertsLaunch(random.nextInt(1, 256), EXPERTS, 2048, 1792, bytes),
                    new DecodeAttention(rows, random.nextInt(1, 9000), 8, bytes, bytes),
                    new LogitsScan(rows, columns, 0.01 * k))) {
                Prediction prediction = kernel.on(chip);
                assertTrue(prediction.share() > 0 && prediction.share() < 1, kernel + " " + prediction);
            }
        }
    }

    /** A rate is no more than the bytes under way in the time of an access: 0.8 us. */
    @Test
    void fewBytesUnderWayAreSlow() {
        Chip chip = Chip.named("h200");
        assertEquals(8e-3, chip.memorySeconds(1e9, 1e5), 1e-9);
        assertEquals(1e9 / (0.93 * 4.3e12), chip.memorySeconds(1e9, 1e7), 1e-9);
        assertEquals(Prediction.Bound.IN_FLIGHT, new DecodeAttention(1, 1024, 8, 2e6, 1e6).on(chip).bound());
    }

    @ParameterizedTest
    @CsvSource({"1, 87", "32, 87", "256, 87", "2048, 109", "4096, 109"})
    void aStepIsItsLaunchesAndTheGapsBetweenThem(int numSeqs, int numLaunches) {
        List<StepPrediction.Row> rows = StepPrediction.of(MODEL, numSeqs, 1024, Chip.named("h200"));
        double sum = 0;
        for (StepPrediction.Row row : rows) {
            sum += row.numCalls() * (row.each().seconds() + Chip.GAP_SECONDS);
        }
        assertEquals(sum, StepPrediction.seconds(rows), 1e-12);
        assertTrue(StepPrediction.floorSeconds(rows) < sum);
        assertEquals(numLaunches, StepPrediction.numLaunches(rows));
    }

    /** The floors know the operations that are launched, as often as they are. */
    @ParameterizedTest
    @ValueSource(ints = {32, 2048})
    void floorsAndLaunchesAreOfTheSameOperations(int numSeqs) {
        Map<String, Integer> launched = new TreeMap<>();
        for (StepPrediction.Row row : StepPrediction.of(MODEL, numSeqs, 1024, Chip.named("h200"))) {
            launched.merge(row.operation(), row.numCalls(), Math::max);
        }
        launched.keySet().removeAll(List.of("beginStep", "copies"));
        Map<String, Integer> floors = new TreeMap<>();
        StepFloors.of(MODEL, new StepFloors.Sizes(numSeqs, numSeqs, 1024, true))
                .forEach((name, floor) -> floors.put(name, floor.numCalls()));
        assertEquals(floors, launched);
    }

    /** What is drawn is shared evenly, whatever is in turn with it; a gate_up that is all under way is waited for. */
    @Test
    void oneLaunchOfExpertsIsTheirProductsWithoutTheGaps() {
        Chip chip = Chip.named("h200");
        for (int rows : new int[] {8, 32}) {
            int tokens = 8 * rows;
            double bytes = 2.0 * (2 * 4 * tokens * (1792 + 2048) + 4.0 * tokens * 2048);
            double one = new ExpertsLaunch(tokens, EXPERTS, 2048, 1792, bytes).on(chip).seconds();
            double two = gateUp(rows).on(chip).seconds() + down(rows).on(chip).seconds();
            assertTrue(one > 0.97 * two && one < 1.03 * two, one + " of " + two);
        }
    }

    /** Rows in the product's launch take less than in one of their own, as long as all blocks have some at once. */
    @Test
    void rowsBehindAProductSaveTheirLaunch() {
        for (String device : Chip.NAMES) {
            Chip chip = Chip.named(device);
            for (int rows : new int[] {1, 64, 256, 1024, 2048}) {
                var product = new DenseProduct(rows, 2048, 2048, 2);
                double bytes = 2.0 * 2048 * (4 * rows + 32);
                double one = new RowsBehind(product, rows, bytes, RowsBehind.ROW_SECONDS + 4e-6).on(chip).seconds();
                double two = product.on(chip).seconds() + Chip.GAP_SECONDS
                        + new RowOperation(bytes, 4e-6).on(chip).seconds();
                assertTrue(one < two && one > two - 3e-6, rows + " rows on " + device + ": " + one + " and " + two);
            }
        }
    }

    /** A race costs more than the largest; either is hidden behind the weights where rows are few. */
    @Test
    void whatTheHeadDoesWithItsSums() {
        Chip chip = Chip.named("h200");
        for (int rows : new int[] {1, 2048}) {
            double[] seconds = Stream.of(DenseProduct.Epilogue.NONE, DenseProduct.Epilogue.GREEDY,
                            DenseProduct.Epilogue.TEMPERATURE)
                    .mapToDouble(each -> new DenseProduct(rows, 128_000, 2048, 0.125, each).on(chip).seconds())
                    .toArray();
            assertTrue(seconds[0] <= seconds[1] && seconds[1] <= seconds[2]);
            assertEquals(rows == 1, seconds[0] == seconds[2]);
        }
    }

    /** What is done beside products costs nothing until it takes longer than they do. */
    @Test
    void instructionsBesideProductsAreHidden() {
        Chip chip = Chip.named("h200");
        int plan = TiledBlock.select(2048, 128_000, 2048, chip.numMultiprocessors());
        double[] seconds = DoubleStream.of(0, 2.1, 8)
                .map(beside -> DenseProduct.parts(chip, plan, 2048, 128_000, 2048, new Pipeline.Instructions(1, beside))
                        .predict(0, 0).seconds())
                .toArray();
        assertEquals(seconds[0], seconds[1]);
        assertTrue(seconds[2] > seconds[1]);
    }

    private static double halvesShare(ModelConfig model, int numSeqs, int context, Chip chip) {
        return OverlapPrediction.seconds(model, numSeqs, context, chip)
                / StepPrediction.seconds(StepPrediction.of(model, numSeqs, context, chip));
    }

    /** The limit of {@code --overlap} is where it pays on every device there is a model of; far below it costs. */
    @ParameterizedTest
    @ValueSource(strings = {"lfm2.5-8b-a1b", "lfm2-24b-a2b", "lfm2-1.2b", "lfm2.5-2.6b"})
    void halvesPayFromTheirLimitOn(String name) {
        ModelConfig model = ModelShapes.named(name);
        int least = HalfBatches.of(model, HalfBatches.USUAL_ROWS).leastSeqs();
        for (String device : Chip.NAMES) {
            Chip chip = Chip.named(device);
            double atLimit = halvesShare(model, least, 1024, chip);
            assertTrue(atLimit > 0.5 && atLimit < 1, least + " sequences on " + device + ": " + atLimit);
            assertTrue(halvesShare(model, least / 2, 1024, chip) > atLimit, "half of it on " + device);
            assertTrue(halvesShare(model, least / 8, 1024, chip) > 1, "an eighth of it on " + device);
        }
    }

    /** Launches that begin early hide a part of the gaps and of the first bytes' way, and nothing else. */
    @ParameterizedTest
    @ValueSource(ints = {1, 64, 256, 2048})
    void earlyLaunchesSaveNoMoreThanWhatIsBetweenThem(int numSeqs) {
        for (String device : Chip.NAMES) {
            Chip chip = Chip.named(device);
            List<StepPrediction.Row> rows = StepPrediction.of(MODEL, numSeqs, 1024, chip);
            ProgrammaticPrediction.Step step = ProgrammaticPrediction.step(MODEL, numSeqs, 1024, chip);
            double saved = StepPrediction.seconds(rows) - step.seconds();
            assertTrue(step.numEarly() > 0 && step.numEarly() < StepPrediction.numLaunches(rows));
            assertTrue(saved > 0, device + ": " + saved);
            assertTrue(saved < step.numEarly() * (Chip.GAP_SECONDS + Chip.FILL_SECONDS), device + ": " + saved);
        }
    }

    /** Two halves on half of a chip each never take less than their bytes and their arithmetic. */
    @Test
    void halvesTakeTheTimeOfTheirBytesAtLeast() {
        Chip chip = Chip.named("h200");
        for (int numSeqs : new int[] {64, 1000, 4096, 8191}) {
            double least = 0;
            for (StepPrediction.Row row : StepPrediction.of(MODEL, numSeqs, 1024, chip)) {
                least += row.numCalls() * row.each().bytes() / chip.readBytesPerSecond();
            }
            assertTrue(OverlapPrediction.seconds(MODEL, numSeqs, 1024, chip) > least);
        }
        assertEquals(chip.flopsPerSecond() / 2, chip.share(2).flopsPerSecond());
        assertEquals(66, chip.share(2).numMultiprocessors());
    }

    @Test
    void anotherDeviceHasNone() {
        var refused = assertThrows(InputException.class, () -> Chip.named("l40s"));
        assertTrue(refused.getMessage().contains("h200") && refused.getMessage().contains("l40s"));
    }
}
