package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.floats;
import static io.penstock.emulator.corpus.Data.ints;
import static io.penstock.emulator.corpus.Data.words;

import java.util.Arrays;
import java.util.stream.Stream;

/** Barriers that not all threads reach, copies that nobody waits for, and waits without end. */
final class WaitFaults {
    private static final String DIVERGENT = "barrier-divergence";
    private static final String STUCK = "deadlock";
    private static final String NO_WAIT = "missing-async-wait";
    private static final String READ = "(ld\\.shared|ldmatrix).*";

    private WaitFaults() {}

    static Stream<FaultCase> all() {
        return Stream.of(divergence(), deadlocks(), moreDeadlocks(), copies(), moreCopies()).flatMap(s -> s);
    }

    private static FaultCase divergent(Program.Source program) {
        return FaultCase.of(DIVERGENT, "(bar|call).*", program);
    }

    private static Program barriers(String entry) {
        return Program.of("barriers", entry);
    }

    private static Stream<FaultCase> divergence() {
        return Stream.of(
                divergent(r -> barriers("barrier_in_one_branch").block(64).in(words(r, 64)).scratch(256)),
                divergent(r -> barriers("barrier_in_both_branches").grid(2).block(64)
                        .in(mixed(words(r, 64))).scratch(512)),
                divergent(r -> barriers("barrier_in_uneven_loop").block(64).in(mixed(words(r, 64))).scratch(256)),
                divergent(r -> {
                    int[] x = ints(r, 64, 0, 80);
                    x[r.nextInt(64)] = 95;
                    return barriers("break_before_barrier").block(64).in(x).scratch(256).value(4);
                }),
                divergent(r -> barriers("barrier_in_called_function").block(64).in(words(r, 64)).scratch(256)));
    }

    /** Neighbours with different last bits. */
    private static int[] mixed(int[] x) {
        for (int i = 0; i < x.length; i++) {
            x[i] = x[i] & ~3 | i & 3;
        }
        return x;
    }

    private static Stream<FaultCase> deadlocks() {
        return Stream.of(
                FaultCase.of(STUCK, ".*", r -> barriers("lock_never_released").grid(3).block(32)
                        .inout(new int[1], new int[1]).inout(new int[1], new int[] {3})),
                FaultCase.of(STUCK, "bar.*", r -> {
                    int[] x = words(r, 32);
                    int[] y = new int[32];
                    Arrays.setAll(y, i -> x[31 - i]);
                    return barriers("barrier_counts_too_many").block(64).in(x).out(y);
                }),
                FaultCase.of(STUCK, "bar.*", r -> {
                    int[] x = words(r, 4 * 32);
                    int[] y = new int[32];
                    for (int i = 0; i < x.length; i++) {
                        y[i % 32 ^ 1] += x[i];
                    }
                    return barriers("consumer_waits_once_more").block(64).in(x).out(y).value(4);
                }),
                FaultCase.of(STUCK, ".*", r -> {
                    int[] x = words(r, 32);
                    int[] y = new int[64];
                    Arrays.setAll(y, i -> x[i % 32] + i / 32);
                    return barriers("flag_never_set").grid(2).block(32).in(x).inout(new int[1], new int[] {1}).out(y);
                }));
    }

    private static Stream<FaultCase> moreDeadlocks() {
        return Stream.of(
                FaultCase.of(STUCK, ".*", r -> barriers("each_waits_for_the_other").grid(2).block(32)
                        .inout(new int[2], new int[] {1, 1}).out(new int[] {1, 2})),
                FaultCase.of(STUCK, ".*", r -> {
                    int[] x = words(r, 96);
                    int[] y = x.clone();
                    Arrays.setAll(y, i -> x[i] + 3);
                    return barriers("grid_barrier_goal_too_high").grid(3).block(32)
                            .in(x).inout(new int[1], new int[] {3}).out(y);
                }),
                FaultCase.of(DIVERGENT, "shfl.*", r -> {
                    int[] x = words(r, 32);
                    int[] y = x.clone();
                    for (int i = 0; i < 20; i++) {
                        y[i] += x[i ^ 1];
                    }
                    return barriers("lanes_past_the_shuffle").block(32).in(x).out(y);
                }),
                FaultCase.of(DIVERGENT + "|" + STUCK, ".*", r -> barriers("warp_barrier_with_absent_lanes").block(32)
                        .in(words(r, 32)).inout(new int[1], new int[] {1}).scratch(128)),
                FaultCase.of(STUCK, ".*", r -> barriers("locks_in_opposite_order").grid(4).block(32)
                        .inout(new int[2], new int[2]).inout(new int[1], new int[] {160}).value(40)).sometimes());
    }

    private static Program waits(String entry) {
        return Program.of("waits", entry);
    }

    private static FaultCase noWait(Program.Source program) {
        return FaultCase.of(NO_WAIT, READ, program);
    }

    private static Stream<FaultCase> copies() {
        return Stream.of(
                noWait(r -> waits("wait_missing").block(32).in(words(r, 128)).scratch(512)),
                noWait(r -> waits("wait_group_off_by_one").block(32).in(words(r, 6 * 128)).scratch(512).value(6)),
                noWait(r -> {
                    int[] x = words(r, 64);
                    int[] y = new int[64];
                    Arrays.setAll(y, i -> x[63 - i]);
                    return waits("commit_missing").block(64).in(x).out(y);
                }),
                noWait(r -> waits("wait_short_in_tail").block(32).in(words(r, 4 * 128)).scratch(512).value(4)),
                FaultCase.of(NO_WAIT, READ, r -> waits("wait_after_barrier").block(64)
                        .in(words(r, 256)).scratch(1024)));
    }

    private static Stream<FaultCase> moreCopies() {
        return Stream.of(
                noWait(r -> {
                    float[] a = floats(r, 64, -1, 1);
                    float[] b = floats(r, 64, -1, 1);
                    float[] y = new float[64];
                    for (int i = 0; i < 64; i++) {
                        y[i] = a[63 - i] * b[63 - i];
                    }
                    return waits("wait_for_one_of_two").block(64).in(a).in(b).out(y);
                }),
                noWait(r -> {
                    int[] x = words(r, 32);
                    int[] y = new int[32];
                    Arrays.setAll(y, i -> x[31 - i]);
                    return waits("wait_by_the_wrong_warp").block(64).in(x).out(y);
                }),
                FaultCase.of(NO_WAIT, "st\\.shared.*|@?.*st\\.shared.*", r -> waits("store_under_a_copy").block(64)
                        .in(ints(r, 64, -50, 50)).scratch(256)),
                noWait(r -> waits("matrix_load_without_wait").block(32).in(words(r, 128)).scratch(256)));
    }
}
