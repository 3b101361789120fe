package io.penstock.emulator.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Programs as people write them are right and clean, whatever the order of execution. */
class LegalCorpusTest {
    static final int NUM_SCHEDULES = 20;

    private static final int NUM_PLAIN_SCHEDULES = 4;

    /** Those that nvcc compiled a second time, hardly optimised. */
    private static final Set<String> PLAIN =
            Set.of("scans", "votes", "branches", "barriers", "calls", "handovers");

    private static List<Program.Source> sources() {
        return Stream.of(
                        ScanPrograms.all(), LayoutPrograms.all(), NormPrograms.all(), AtomicPrograms.all(),
                        BitPrograms.all(), LanePrograms.all(), BranchPrograms.all(), CallPrograms.all(),
                        MathPrograms.all(), HalfPrograms.all(), BarrierPrograms.all(), MatrixPrograms.all(),
                        LibraryPrograms.all(), AlgorithmPrograms.all(), HandOverPrograms.all())
                .flatMap(programs -> programs)
                .toList();
    }

    static Stream<Arguments> programs() {
        return sources().stream().map(source -> Arguments.of(source.make(new Random(0)).toString(), source));
    }

    static Stream<Arguments> plainPrograms() {
        return sources().stream()
                .filter(source -> PLAIN.contains(source.make(new Random(0)).file))
                .map(source -> Arguments.of(source.make(new Random(0)).toString(), source));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("programs")
    void isRightAndClean(String name, Program.Source source) {
        run("legal", source, NUM_SCHEDULES);
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("plainPrograms")
    void isRightAndCleanWithoutOptimisation(String name, Program.Source source) {
        run("plain", source, NUM_PLAIN_SCHEDULES);
    }

    private static void run(String directory, Program.Source source, int numSchedules) {
        for (int seed = 0; seed < numSchedules; seed++) {
            Program program = source.make(new Random(seed));
            Outcome outcome = Outcome.of(directory + "/" + program.file, program, seed);
            String problems = String.join("\n", outcome.faults().stream().map(Object::toString).toList());
            assertEquals("", problems, "seed " + seed);
            assertEquals("", outcome.problems(program), "seed " + seed);
        }
    }

    @Test
    void everyEntryHasAProgram() {
        Set<String> ran = new TreeSet<>();
        sources().forEach(source -> ran.add(source.make(new Random(0)).entry));
        Set<String> entries = new TreeSet<>();
        Stream.of("scans", "reductions", "layouts", "norms", "attention", "atomics", "bits", "votes", "branches",
                        "calls", "doubles", "fast_math", "halves", "barriers", "pipelines", "gemms", "tensor_cores",
                        "libraries", "algorithms", "handovers")
                .forEach(file -> entries.addAll(Outcome.entries("legal/" + file)));
        assertEquals(entries, ran);
        assertTrue(ran.size() >= 45, () -> "only " + ran.size());
    }
}
