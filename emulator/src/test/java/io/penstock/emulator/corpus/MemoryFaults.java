package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.bytes;
import static io.penstock.emulator.corpus.Data.doubles;
import static io.penstock.emulator.corpus.Data.floats;
import static io.penstock.emulator.corpus.Data.ints;
import static io.penstock.emulator.corpus.Data.shorts;
import static io.penstock.emulator.corpus.Data.words;

import java.util.stream.Stream;

/** Addresses out of bounds, addresses misaligned, and values that were never written. */
final class MemoryFaults {
    private static final String OUT = "out-of-bounds";
    private static final String ODD = "misaligned";
    private static final String UNSET = "uninitialised";
    private static final String LOAD = "ld\\.global.*";
    private static final String STORE = "st\\.global.*";

    private MemoryFaults() {}

    static Stream<FaultCase> all() {
        return Stream.of(bounds(), moreBounds(), alignment(), uninitialised(), moreUninitialised()).flatMap(s -> s);
    }

    private static Program bounds(String entry) {
        return Program.of("bounds", entry);
    }

    private static Stream<FaultCase> bounds() {
        return Stream.of(
                FaultCase.of(OUT, LOAD, 0, r -> {
                    int[] x = words(r, 100);
                    int[] y = x.clone();
                    for (int i = 0; i < 99; i++) {
                        y[i] += x[i + 1];
                    }
                    return bounds("global_read_one_too_many").grid(2).block(64).in(x).out(y).value(100);
                }),
                FaultCase.of(OUT, STORE, 1, r -> {
                    int[] x = words(r, 100);
                    return bounds("global_write_one_too_many").grid(2).block(64).in(x).out(x).value(100);
                }),
                FaultCase.of(OUT, LOAD, 0, r -> {
                    int[] x = words(r, 100);
                    int[] y = x.clone();
                    for (int i = 1; i < 100; i++) {
                        y[i] -= x[i - 1];
                    }
                    return bounds("global_before_the_start").grid(2).block(64).in(x).out(y).value(100);
                }),
                FaultCase.of(OUT, LOAD, 0, r -> bounds("vector_tail").grid(1).block(32)
                        .in(words(r, 101)).scratch(104).value(101)),
                FaultCase.of(OUT, LOAD, 0, r -> {
                    float[] x = floats(r, 12 * 30, -1, 1);
                    float[] y = new float[x.length];
                    for (int i = 0; i < y.length; i++) {
                        y[i] = x[i] * 2;
                    }
                    return bounds("rows_and_columns_mixed_up").grid(4, 4).block(8, 8).in(x).out(y).value(12).value(30);
                }),
                FaultCase.of(OUT, "(st|ld)\\.shared.*", r -> bounds("shared_window_too_small").block(64).shared(256)
                        .in(words(r, 64)).scratch(256)),
                FaultCase.of(OUT, "st\\.shared.*", r -> bounds("shared_array_one_too_many").block(64)
                        .in(words(r, 64)).scratch(256).value(64)));
    }

    private static Stream<FaultCase> moreBounds() {
        return Stream.of(
                FaultCase.of(OUT, "st\\.local.*", r -> {
                    int[] x = ints(r, 32 * 40, 0, 10);
                    int[] y = new int[32];
                    for (int t = 0; t < 32; t++) {
                        int[] digits = new int[10];
                        for (int k = 0; k < 40; k++) {
                            digits[x[t * 40 + k]]++;
                        }
                        for (int k = 1; k < 10; k++) {
                            y[t] = digits[k] > digits[y[t]] ? k : y[t];
                        }
                    }
                    return bounds("local_array_one_too_many").block(32).in(x).out(y).value(40);
                }),
                FaultCase.of(OUT, "(atom|red)\\.global.*", 1, r -> {
                    int[] x = ints(r, 90, 0, 20);
                    x[7] = 10;
                    return bounds("bin_out_of_range").grid(3).block(32)
                            .in(x).inout(new int[10], (Program.Check) null).value(90).value(10);
                }),
                FaultCase.of(OUT, "cp\\.async.*", 0, r -> {
                    float[] x = floats(r, 400, -1, 1);
                    return bounds("copy_async_past_the_end").grid(2).block(64).in(x).out(x).value(400);
                }),
                FaultCase.of(OUT, LOAD, r -> {
                    int[] x = words(r, 32);
                    return bounds("null_pointer").block(32).in(x).out(x).value(0L);
                }),
                FaultCase.of(OUT, LOAD, r -> {
                    int[] x = words(r, 50);
                    int[] index = ints(r, 32, 0, 50);
                    index[r.nextInt(32)] = r.nextBoolean() ? 1_000_000 : -70_000;
                    int[] y = new int[32];
                    for (int t = 0; t < 32; t++) {
                        y[t] = index[t] >= 0 && index[t] < 50 ? x[index[t]] : -1;
                    }
                    return bounds("index_from_data").block(32).in(x).in(index).out(y).value(50);
                }));
    }

    private static Stream<FaultCase> alignment() {
        return Stream.of(
                FaultCase.of(ODD, "ld\\.global.*", 0, r -> bounds("misaligned_vector").block(32)
                        .in(floats(r, 132, -1, 1)).scratch(128)),
                FaultCase.of(ODD, "st\\.global.*", 1, r -> bounds("misaligned_store").block(32)
                        .in(words(r, 32)).inout(words(r, 68), (Program.Check) null).value(1)),
                FaultCase.of(ODD, "(st|ld)\\.shared.*", r -> {
                    double[] x = doubles(r, 64, -1, 1);
                    double[] y = new double[64];
                    for (int i = 0; i < 64; i++) {
                        y[i] = x[63 - i];
                    }
                    return bounds("misaligned_shared_double").block(64).in(x).out(y).value(4);
                }),
                FaultCase.of(ODD, "cp\\.async.*", 0, r -> bounds("misaligned_copy_async").block(32)
                        .in(floats(r, 136, -1, 1)).scratch(128).value(2)),
                FaultCase.of(ODD, "ldmatrix.*", r -> bounds("misaligned_matrix_rows").block(32)
                        .in(shorts(r, 128)).scratch(128)),
                FaultCase.of(ODD, "(atom|red)\\.global.*", 0, r -> bounds("misaligned_atomic").block(32)
                        .inout(new int[8], (Program.Check) null).value(1)));
    }

    private static Program unset(String entry) {
        return Program.of("uninitialised", entry);
    }

    private static Stream<FaultCase> uninitialised() {
        return Stream.of(
                FaultCase.of(UNSET, "(atom|red|ld)\\.shared.*|st\\.global.*", r -> {
                    byte[] x = bytes(r, 300);
                    int[] bins = new int[16];
                    for (byte v : x) {
                        bins[v & 15]++;
                    }
                    return unset("shared_bins_not_cleared").block(64).in(x).out(bins).value(300);
                }),
                FaultCase.of(UNSET, ".*", r -> {
                    int[] x = words(r, 200);
                    int[] sums = new int[2];
                    for (int i = 0; i < 200; i++) {
                        sums[i / 128] += x[i];
                    }
                    return unset("shared_tail_not_filled").grid(2).block(128).in(x).out(sums).value(200);
                }),
                FaultCase.of(UNSET, "(ld|st)\\.global.*", 1, r -> unset("output_added_to").grid(2).block(32)
                        .in(words(r, 64)).scratch(256)),
                FaultCase.of(UNSET, ".*", r -> unset("scratch_partly_written").block(64)
                        .in(ints(r, 64, -20, 20)).scratch(256).scratch(256)),
                FaultCase.of(UNSET, "(ld\\.local|st\\.global).*", r -> {
                    int[] x = ints(r, 20, 0, 7);
                    int[] y = {-1, -1, -1, -1, -1, -1, -1, -1};
                    for (int k = 0; k < 20; k++) {
                        y[x[k]] = k;
                    }
                    int[] all = new int[32];
                    for (int t = 0; t < 32; t++) {
                        all[t] = y[t & 7];
                    }
                    return unset("local_slot_not_written").block(32).in(x).out(all).value(20);
                }));
    }

    private static Stream<FaultCase> moreUninitialised() {
        return Stream.of(
                FaultCase.of(UNSET, "(mma|st\\.global).*", r -> unset("accumulator_not_cleared").block(32)
                        .in(words(r, 128)).in(words(r, 64)).scratch(512)),
                FaultCase.of(UNSET, "(shfl|st\\.global).*", r -> {
                    int[] x = words(r, 32);
                    int[] y = new int[16];
                    for (int i = 0; i < 16; i++) {
                        y[i] = x[i] + x[i + 16];
                    }
                    return unset("shuffle_from_absent_lane").block(32).in(x).out(y);
                }),
                FaultCase.of(UNSET, "(shfl|st\\.global).*", r -> unset("shuffle_width_off_by_two").block(32)
                        .in(floats(r, 32, -1, 1)).scratch(64)),
                FaultCase.of(UNSET, ".*", r -> {
                    float[] x = floats(r, 90, -1, 1);
                    float[] y = new float[32];
                    for (int i = 0; i < 90; i++) {
                        y[i % 32] += x[i];
                    }
                    return unset("copy_async_leaves_a_gap").block(32).in(x).out(y, 1e-6).value(90);
                }),
                FaultCase.of(UNSET, "ld\\.global.*", r -> {
                    int[] x = ints(r, 64, 0, 100);
                    x[3] = 10;
                    return unset("index_never_written").block(64).in(x).scratch(256).scratch(256).value(64);
                }),
                FaultCase.of(UNSET, ".*", r -> unset("branch_on_shared_garbage").block(64)
                        .in(ints(r, 8, 0, 100)).scratch(256)));
    }
}
