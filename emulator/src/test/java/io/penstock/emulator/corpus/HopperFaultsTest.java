package io.penstock.emulator.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import java.util.List;
import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Collectors;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Broken pipelines, products and clusters are caught, each with its kind and line; their repaired twins are clean. */
class HopperFaultsTest {
    private static List<FaultCase> cases() {
        return Stream.of(HopperFaults.all(), ProductFaults.all(), LaunchFaults.all()).flatMap(all -> all).toList();
    }

    static Stream<Arguments> faults() {
        return cases().stream()
                .map(fault -> Arguments.of(fault.kind() + " " + fault.program().make(new Random(0)), fault));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void isCaughtAndNamed(String name, FaultCase fault) {
        int numCaught = 0;
        for (int seed = 0; seed < HopperCorpusTest.NUM_SCHEDULES; seed++) {
            Program program = fault.program().make(new Random(seed));
            String ptx = "hopper_faults/" + program.file + ".fault";
            Outcome outcome = Outcome.of(ptx, program, seed);
            boolean caught = fault.kind().equals(FaultCase.WRONG_RESULT) ? !outcome.problems(program).isEmpty()
                    : outcome.faults().stream().anyMatch(found -> FaultCorpusTest.isIt(found, fault, program, ptx));
            numCaught += caught ? 1 : 0;
            if (fault.everySchedule()) {
                int at = seed;
                assertTrue(caught, () -> "seed " + at + " found " + outcome.faults());
            }
        }
        assertTrue(numCaught > 0, "no schedule shows it");
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void isCleanWhenRepaired(String name, FaultCase fault) {
        for (int seed = 0; seed < HopperCorpusTest.NUM_SCHEDULES; seed++) {
            Program program = fault.program().make(new Random(seed));
            Outcome outcome = Outcome.of("hopper_faults/" + program.file, program, seed);
            String problems = String.join("\n", outcome.faults().stream().map(Object::toString).toList());
            assertEquals("", problems, "seed " + seed);
            assertEquals("", outcome.problems(program), "seed " + seed);
        }
    }

    @Test
    void everyEntryIsThere() {
        Set<String> entries = new TreeSet<>();
        Stream.of("loads", "places", "stores", "products", "clusters", "launches")
                .forEach(file -> entries.addAll(Outcome.entries("hopper_faults/" + file)));
        assertTrue(entries.remove(LaunchFaults.inFront()));
        assertEquals(entries, cases().stream()
                .map(fault -> fault.program().make(new Random(0)).entry)
                .collect(Collectors.toCollection(TreeSet::new)));
        assertTrue(entries.size() >= 45, () -> "only " + entries.size());
    }
}
