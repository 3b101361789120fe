package io.penstock.emulator.corpus;

import static org.junit.jupiter.api.Assertions.assertEquals;

import java.util.Random;
import java.util.Set;
import java.util.TreeSet;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.Arguments;
import org.junit.jupiter.params.provider.MethodSource;

/** Kernels for 9.0 alone are right and clean, whatever the order of execution. */
class HopperCorpusTest {
    static final int NUM_SCHEDULES = Integer.getInteger("penstock.schedules", 20);

    static Stream<Arguments> programs() {
        return HopperPrograms.all().map(source -> Arguments.of(source.make(new Random(0)).toString(), source));
    }

    @ParameterizedTest(name = "{0}")
    @MethodSource("programs")
    void isRightAndClean(String name, Program.Source source) {
        for (int seed = 0; seed < NUM_SCHEDULES; seed++) {
            Program program = source.make(new Random(seed));
            Outcome outcome = Outcome.of("hopper/" + program.file, program, seed);
            String problems = String.join("\n", outcome.faults().stream().map(Object::toString).toList());
            assertEquals("", problems, "seed " + seed);
            assertEquals("", outcome.problems(program), "seed " + seed);
        }
    }

    @Test
    void everyEntryHasAProgram() {
        Set<String> ran = new TreeSet<>();
        HopperPrograms.all().forEach(source -> ran.add(source.make(new Random(0)).entry));
        Set<String> entries = new TreeSet<>();
        Stream.of("gemm", "attention", "groups").forEach(file -> entries.addAll(Outcome.entries("hopper/" + file)));
        assertEquals(entries, ran);
    }
}
