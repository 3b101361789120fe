package io.penstock.emulator.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.emulator.check.Fault;
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

/** Broken kernels are caught, each with its kind, line and memory; their repaired twins are clean. */
class FaultCorpusTest {
    private static final int NUM_SCHEDULES = 20;

    private static List<FaultCase> cases() {
        return Stream.of(RaceFaults.all(), MemoryFaults.all(), WaitFaults.all()).flatMap(all -> all).toList();
    }

    static Stream<Arguments> faults() {
        return cases().stream()
                .map(fault -> Arguments.of(fault.kind() + " " + fault.program().make(new Random(0)), fault));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void isCaughtAndNamed(String name, FaultCase fault) {
        int numCaught = 0;
        for (int seed = 0; seed < NUM_SCHEDULES; seed++) {
            Program program = fault.program().make(new Random(seed));
            String ptx = "faults/" + program.file + ".fault";
            Outcome outcome = Outcome.of(ptx, program, seed);
            boolean caught = outcome.faults().stream().anyMatch(found -> isIt(found, fault, program, ptx));
            numCaught += caught ? 1 : 0;
            if (fault.everySchedule()) {
                int at = seed;
                assertTrue(caught, () -> "seed " + at + " found " + outcome.faults());
            }
        }
        assertTrue(numCaught > 0, "no schedule shows it");
    }

    static boolean isIt(Fault found, FaultCase fault, Program program, String ptx) {
        List<String> lines = Outcome.ptx(ptx).lines().toList();
        int line = found.place().line();
        String text = line < 1 || line > lines.size() ? "" : lines.get(line - 1).strip();
        return found.kind().word().matches(fault.kind())
                && found.place().kernel().equals(program.entry)
                && text.matches("(@!?%p\\d+ +)?(" + fault.at() + ")")
                && (fault.buffer() < 0 || found.allocation().equals(Outcome.bufferName(fault.buffer())))
                && found.place().cta() < (long) program.grid[0] * program.grid[1] * program.grid[2]
                && found.place().thread() < program.block[0] * program.block[1] * program.block[2]
                && !found.message().isBlank();
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("faults")
    void isCleanWhenRepaired(String name, FaultCase fault) {
        for (int seed = 0; seed < NUM_SCHEDULES; seed++) {
            Program program = fault.program().make(new Random(seed));
            Outcome outcome = Outcome.of("faults/" + program.file, program, seed);
            assertEquals(List.of(), outcome.faults(), "seed " + seed);
            assertEquals("", outcome.problems(program), "seed " + seed);
        }
    }

    @Test
    void everyKindAndEveryEntryIsThere() {
        Set<String> entries = new TreeSet<>();
        Stream.of("races_shared", "races_global", "bounds", "uninitialised", "barriers", "waits")
                .forEach(file -> entries.addAll(Outcome.entries("faults/" + file)));
        assertEquals(entries, cases().stream()
                .map(fault -> fault.program().make(new Random(0)).entry)
                .collect(Collectors.toCollection(TreeSet::new)));
        assertTrue(entries.size() >= 36, () -> "only " + entries.size());
        assertTrue(cases().stream().map(FaultCase::kind).collect(Collectors.toSet()).containsAll(Set.of(
                "race-shared", "race-global", "out-of-bounds", "uninitialised", "misaligned", "barrier-divergence",
                "missing-async-wait", "deadlock")));
    }
}
