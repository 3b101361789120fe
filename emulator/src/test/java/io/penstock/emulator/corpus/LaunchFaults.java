package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.words;

import java.util.Arrays;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;

/** Launches that may begin before the one in front has ended, broken in one place each. */
final class LaunchFaults {
    private static final String RACE = "race-launches";
    private static final String ORDER = "launch-order";
    private static final String IN_FRONT = "in_front";
    private static final int NUM_BLOCKS = 3;
    private static final int NUM_THREADS = 64;
    private static final int NUM_WORDS = NUM_BLOCKS * NUM_THREADS;
    private static final int Y = 1;
    private static final int Z = 2;

    private LaunchFaults() {}

    /** Of words x and z, which give y = x + z, what is left of y and z and becomes of the last argument. */
    private interface Results {
        IntUnaryOperator of(int[] x, int[] z);
    }

    private static int[] map(IntUnaryOperator of) {
        int[] values = new int[NUM_WORDS];
        Arrays.setAll(values, of);
        return values;
    }

    private static Program.Source program(String entry, Results y, Results z, Results sums) {
        return r -> {
            int[] x = words(r, NUM_WORDS);
            int[] old = words(r, NUM_WORDS);
            return Program.of("launches", entry).behind(IN_FRONT).grid(NUM_BLOCKS).block(NUM_THREADS)
                    .in(x).out(map(y.of(x, old))).inout(old, map(z.of(x, old))).out(map(sums.of(x, old)));
        };
    }

    static Stream<FaultCase> all() {
        Results sum = (x, z) -> i -> x[i] + z[i];
        Results kept = (x, z) -> i -> z[i];
        Results twice = (x, z) -> i -> 2 * x[i];
        Results more = (x, z) -> i -> 2 * x[i] + z[i];
        Results one = (x, z) -> i -> x[i] != 0 ? 1 : 0;
        String read = "ld\\.global.*";
        String write = "st\\.global.*";
        return Stream.of(
                FaultCase.of(RACE, read, Y, program("read_before_wait", sum, kept, more)),
                FaultCase.of(RACE, write, Z, program("overwritten_before_wait", sum, (x, z) -> i -> 7, more)),
                FaultCase.of(RACE, write, Y, program("written_twice", twice, kept, twice)),
                FaultCase.of(RACE, "(atom|red)\\.global.*", Y, program("added_before_wait",
                        (x, z) -> i -> x[i] + z[i] + (x[i] != 0 ? 1 : 0), kept, one)),
                FaultCase.of(RACE, read, Y, program("waited_for_by_another_warp", sum, kept, more)),
                FaultCase.of(RACE, read, Y, program("waited_for_by_another_lane", sum, kept, more)),
                FaultCase.of(RACE, "cp\\.async\\.bulk.*", Y, program("copied_before_wait", sum, kept, sum)),
                FaultCase.of(ORDER, ".*", program("ends_without_wait", sum, kept, (x, z) -> i -> x[i])),
                FaultCase.of(ORDER, "griddepcontrol.*", program("lets_go_before_wait", sum, kept, more)),
                FaultCase.of(ORDER, "griddepcontrol.*", program("lets_go_for_another", sum, kept, more)));
    }

    /** What stands in front of the others, and is not one of them. */
    static String inFront() {
        return IN_FRONT;
    }
}
