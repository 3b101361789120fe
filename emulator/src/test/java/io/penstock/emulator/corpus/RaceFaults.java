package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.bytes;
import static io.penstock.emulator.corpus.Data.ints;
import static io.penstock.emulator.corpus.Data.words;

import java.util.Random;
import java.util.stream.Stream;

/** Races in shared and in global memory. */
final class RaceFaults {
    private static final String SHARED = "(ld|st|atom|red)\\S*\\.shared.*";
    private static final String GLOBAL = "(ld|st|atom|red)\\S*\\.global.*";

    private static final Program.Check UNCHECKED = null;

    private RaceFaults() {}

    static Stream<FaultCase> all() {
        return Stream.concat(shared(), global());
    }

    private static FaultCase shared(Program.Source program) {
        return FaultCase.of("race-shared", SHARED, program);
    }

    private static Program exchange(String entry, int block, Random r) {
        int[] x = words(r, block);
        return Program.of("races_shared", entry).block(block).in(x).scratch(block * 4);
    }

    private static Stream<FaultCase> shared() {
        return Stream.of(
                shared(r -> exchange("barrier_missing", 128, r)),
                shared(r -> Program.of("races_shared", "barrier_missing_at_end_of_loop").block(128)
                        .in(words(r, 512)).scratch(512).value(4)),
                shared(r -> Program.of("races_shared", "barrier_missing_in_tail").block(64)
                        .in(words(r, 170)).scratch(680).value(170)),
                shared(r -> {
                    int[] x = words(r, 64);
                    return Program.of("races_shared", "warp_in_step").block(64).in(x).scratch(4);
                }),
                shared(r -> {
                    int[] x = words(r, 32);
                    int[] y = new int[32];
                    for (int i = 0; i < 32; i++) {
                        y[i] = x[31 - i];
                    }
                    return Program.of("races_shared", "warp_barrier_of_halves").block(32).in(x).out(y);
                }),
                shared(r -> Program.of("races_shared", "warp_in_step_volatile").block(64)
                        .in(words(r, 64)).scratch(4)),
                shared(r -> {
                    int[] x = words(r, 64);
                    int[] y = new int[64];
                    for (int i = 0; i < 64; i++) {
                        y[i] = x[i ^ 32] + 1;
                    }
                    return Program.of("races_shared", "warp_barrier_between_warps").block(64).in(x).out(y);
                }),
                shared(r -> {
                    int[] x = words(r, 128);
                    int[] y = x.clone();
                    for (int i = 1; i < 128; i++) {
                        y[i] += y[i - 1];
                    }
                    return Program.of("races_shared", "scan_in_one_buffer").block(128).in(x).out(y);
                }),
                shared(r -> {
                    byte[] x = bytes(r, 500);
                    int[] bins = new int[16];
                    for (byte v : x) {
                        bins[v & 15]++;
                    }
                    return Program.of("races_shared", "histogram_without_atomics").block(64).in(x).out(bins).value(500);
                }),
                shared(r -> exchange("barrier_of_half_the_block", 128, r)),
                shared(r -> {
                    int[] x = words(r, 1024);
                    int[] y = new int[1024];
                    for (int i = 0; i < 1024; i++) {
                        y[i % 32 * 32 + i / 32] = x[i];
                    }
                    return Program.of("races_shared", "overlapping_rows").block(32, 32).in(x).out(y);
                }),
                FaultCase.of("race-shared", "(cp\\.async|ld\\.shared).*", r -> Program.of("races_shared",
                        "stage_reused_too_early").block(64).in(words(r, 6 * 256)).scratch(1024).value(6)),
                FaultCase.of("race-shared", "(ldmatrix|st\\.shared).*", r -> Program.of("races_shared",
                        "matrix_load_before_its_rows").block(32).in(words(r, 128)).scratch(512)),
                shared(r -> Program.of("races_shared", "flag_before_value").block(64)
                        .in(words(r, 1)).scratch(128)));
    }

    private static FaultCase global(int buffer, Program.Source program) {
        return FaultCase.of("race-global", GLOBAL, buffer, program);
    }

    private static Stream<FaultCase> global() {
        return Stream.of(
                global(1, r -> {
                    int[] x = words(r, 250);
                    int[] y = new int[250];
                    for (int i = 0; i < 250; i++) {
                        y[i] = x[i] * 2;
                    }
                    return Program.of("races_global", "overlapping_outputs").grid(4).block(32).in(x).out(y).value(250);
                }),
                global(1, r -> Program.of("races_global", "everyone_writes_the_result").grid(4).block(32)
                        .in(ints(r, 128, 0, 100)).scratch(16)),
                global(1, r -> Program.of("races_global", "neighbour_without_flag").grid(4).block(32)
                        .in(words(r, 128)).inout(new int[4], UNCHECKED).inout(new int[4], UNCHECKED)
                        .scratch(16)),
                global(1, r -> Program.of("races_global", "flag_without_fence").grid(3).block(32)
                        .in(words(r, 3)).inout(new int[1], UNCHECKED).inout(new int[1], UNCHECKED)
                        .scratch(12)),
                global(1, r -> Program.of("races_global", "ticket_without_fence").grid(4).block(32)
                        .in(ints(r, 128, 0, 100)).scratch(16).inout(new int[1], new int[] {4}).scratch(4)),
                global(1, r -> Program.of("races_global", "counter_without_atomics").grid(4).block(32)
                        .in(ints(r, 128, 1, 100)).inout(new int[1], new int[] {128})),
                global(1, r -> Program.of("races_global", "scratch_without_barrier").grid(2).block(64)
                        .in(words(r, 128)).scratch(512).scratch(512)),
                global(1, r -> {
                    int[] x = words(r, 130);
                    int[] y = words(r, 130);
                    int[] after = y.clone();
                    for (int i = 1; i < 129; i++) {
                        after[i] = x[i - 1] + 2 * x[i] + x[i + 1];
                    }
                    return Program.of("races_global", "stencil_in_place").grid(3).block(64)
                            .in(x).inout(words(r, 130), UNCHECKED).inout(y, after).value(130);
                }),
                global(1, r -> Program.of("races_global", "bytes_by_words").grid(1).block(64)
                        .in(bytes(r, 64)).inout(new int[2], UNCHECKED)));
    }
}
