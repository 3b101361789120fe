package io.penstock.emulator.corpus;

import static io.penstock.emulator.corpus.Data.words;

import java.util.Arrays;
import java.util.List;
import java.util.Random;
import java.util.function.IntUnaryOperator;
import java.util.stream.Stream;

/** Pipelines of bulk copies and clusters, broken in one place each. */
final class HopperFaults {
    private static final String NO_WAIT = "missing-async-wait";
    private static final String RACE = "race-shared";
    private static final String UNSET = "uninitialised";
    private static final String DIVERGENT = "barrier-divergence";
    private static final String STUCK = "deadlock";
    private static final String OUTSIDE = "out-of-bounds";
    private static final String MISALIGNED = "misaligned";
    private static final String READ = "ld\\.shared.*";
    private static final String COPY = "cp\\.async\\.bulk\\.shared::cluster.*";
    private static final String STORE = "cp\\.async\\.bulk\\.global.*";
    private static final String ARRIVE = "mbarrier\\.arrive.*";
    private static final String TEST = "mbarrier\\.try_wait.*";

    private HopperFaults() {}

    static Stream<FaultCase> all() {
        return Stream.of(waits(), counts(), stages(), barriers(), places(), stores(), clusters())
                .flatMap(cases -> cases);
    }

    private static int[] map(int n, IntUnaryOperator of) {
        int[] values = new int[n];
        Arrays.setAll(values, of);
        return values;
    }

    private static Program loads(String entry) {
        return Program.of("loads", entry).block(128);
    }

    private static Program places(String entry) {
        return Program.of("places", entry).block(128);
    }

    /** A tile of 128 words, reversed. */
    private static Program.Source reversed(String entry) {
        return r -> {
            int[] x = words(r, 128);
            return loads(entry).in(x).out(map(128, i -> x[127 - i]));
        };
    }

    private static Stream<FaultCase> waits() {
        return Stream.of(
                FaultCase.of(NO_WAIT, READ, reversed("wait_missing")),
                FaultCase.of(NO_WAIT, READ, reversed("wrong_parity")),
                FaultCase.of(NO_WAIT, COPY, r -> summed(r, "fetched_and_forgotten", 128, 1)),
                FaultCase.of(NO_WAIT + "|" + RACE, READ, reversed("others_do_not_wait")));
    }

    private static Stream<FaultCase> counts() {
        return Stream.of(
                FaultCase.of(DIVERGENT, COPY, reversed("expect_too_few")),
                FaultCase.of(DIVERGENT, ARRIVE, reversed("expect_too_many")),
                FaultCase.of(STUCK, ".*", reversed("expect_too_many")),
                FaultCase.of(DIVERGENT, ARRIVE, r -> {
                    int[] x = words(r, 128);
                    int[] z = words(r, 128);
                    return loads("expect_forgets_second").in(x).in(z).out(map(128, i -> x[127 - i] - z[i]));
                }),
                FaultCase.of(DIVERGENT + "|" + RACE, ARRIVE + "|" + COPY, reversed("four_elected")),
                FaultCase.of(DIVERGENT + "|" + STUCK, "elect.*|bar.*", r -> {
                    int[] x = words(r, 32);
                    return Program.of("loads", "elected_by_half").block(32).in(x).out(map(32, i -> x[0] + x[i]));
                }));
    }

    /** The sum of tiles of 128 words, each reversed. */
    private static Program summed(Random random, String entry, int numThreads) {
        return summed(random, entry, numThreads, 0);
    }

    /** @param more tiles that are there, and are not added */
    private static Program summed(Random random, String entry, int numThreads, int more) {
        int tiles = 5;
        int[] x = words(random, (tiles + more) * 128);
        int[] y = new int[128];
        for (int i = 0; i < tiles * 128; i++) {
            y[127 - i % 128] += x[i];
        }
        return Program.of("loads", entry).block(numThreads).in(x).out(y).value(tiles);
    }

    private static Stream<FaultCase> stages() {
        return Stream.of(
                FaultCase.of(RACE + "|" + NO_WAIT, COPY, r -> summed(r, "stage_reused_too_early", 160)),
                FaultCase.of(RACE, READ + "|" + COPY, r -> summed(r, "released_before_read", 160)),
                FaultCase.of(RACE, COPY, r -> summed(r, "released_for_others", 160)),
                FaultCase.of(STUCK, ".*", r -> summed(r, "arrivals_missing", 160)),
                FaultCase.of(RACE, COPY, r -> {
                    int[] x = words(r, 64);
                    return loads("cleared_without_fence").in(x).out(map(128, i -> i < 64 ? 7 : x[127 - i]));
                }));
    }

    private static Stream<FaultCase> barriers() {
        return Stream.of(
                FaultCase.of(UNSET, ARRIVE + "|" + COPY, reversed("barrier_not_initialised")),
                FaultCase.of(UNSET + "|" + RACE, TEST, reversed("initialised_too_late")),
                FaultCase.of(RACE, COPY, reversed("initialised_without_fence")),
                FaultCase.of(RACE, "st\\.volatile\\.shared.*|ld\\.volatile\\.shared.*", r -> {
                    int[] x = words(r, 128);
                    return loads("barrier_overwritten").in(x).out(map(128, i -> x[127 - i] + x[5]));
                }),
                FaultCase.of(UNSET, TEST, reversed("barrier_used_after_end")));
    }

    private static Stream<FaultCase> places() {
        return Stream.of(
                FaultCase.of(MISALIGNED, COPY, 0, r -> {
                    int[] x = words(r, 132);
                    return places("source_misaligned").in(x).out(map(128, i -> x[131 - i] + x[i]));
                }),
                FaultCase.of(MISALIGNED, COPY, r -> {
                    int[] x = words(r, 128);
                    return places("size_of_twenty").in(x).out(map(128, i -> x[i & 7] + x[i]));
                }),
                FaultCase.of(OUTSIDE, COPY, 0, r -> {
                    int[] x = words(r, 100);
                    return places("copy_past_the_end").in(x).out(map(100, i -> x[99 - i] + x[i])).value(100);
                }),
                FaultCase.of(OUTSIDE, COPY, r -> {
                    int[] x = words(r, 128);
                    return places("tile_too_small").in(x).out(map(128, i -> x[127 - i] + x[i]));
                }));
    }

    private static Program.Source stored(String entry, int tiles, boolean countsTiles) {
        return r -> {
            int[] x = words(r, tiles * 128);
            Program program = Program.of("stores", entry).block(128).in(x)
                    .out(map(x.length, i -> x[i / 128 * 128 + 127 - i % 128]));
            return countsTiles ? program.value(tiles) : program;
        };
    }

    private static Stream<FaultCase> stores() {
        String write = "st\\.shared.*";
        return Stream.of(
                FaultCase.of(RACE, STORE, stored("store_without_fence", 1, false)),
                FaultCase.of(RACE, STORE, stored("fence_by_one", 1, false)),
                FaultCase.of(RACE, STORE + "|" + write, stored("fence_without_barrier", 1, false)),
                FaultCase.of(RACE, write, stored("source_overwritten", 2, false)),
                FaultCase.of(RACE, write, stored("wait_read_off_by_one", 5, true)),
                FaultCase.of(RACE, write, stored("commit_missing", 2, false)),
                FaultCase.of(RACE, write, stored("waited_for_by_another", 2, false)),
                FaultCase.of(UNSET, STORE, 1, stored("stored_half_written", 1, false)),
                FaultCase.of(NO_WAIT, "ld\\.global.*", 1, r -> {
                    int[] x = words(r, 128);
                    return Program.of("stores", "read_back_too_early").block(128).in(x).out(map(128, i -> x[127 - i]))
                            .out(map(128, i -> x[127 - (i ^ 1)]));
                }));
    }


    /** Each of two blocks gives back what {@code of} makes of the words of both. */
    private static Program.Source pair(String entry, int numWords, Expected of) {
        return r -> {
            int[] x = words(r, numWords);
            return Program.of("clusters", entry).grid(2).block(128).in(x).out(map(256, i -> of.word(x, i)));
        };
    }

    private interface Expected {
        int word(int[] x, int i);
    }

    private static Stream<FaultCase> clusters() {
        String remote = "(st|ld)\\.shared::cluster.*";
        Expected exchanged = (x, i) -> x[255 - i];
        Expected reversed = (x, i) -> x[127 - i % 128];
        return List.of(
                FaultCase.of(RACE, remote, pair("written_before_begin", 256, exchanged)),
                FaultCase.of(RACE, READ + "|" + remote, pair("read_too_early", 256, exchanged)),
                FaultCase.of(OUTSIDE, remote, pair("read_after_end", 256, exchanged)),
                FaultCase.of(OUTSIDE, ARRIVE, pair("arrived_after_end", 256, (x, i) -> x[i] + 1)),
                FaultCase.of(DIVERGENT, "barrier\\.cluster\\.arrive.*", pair("arrived_twice", 256, (x, i) -> x[i] + 1)),
                FaultCase.of(OUTSIDE, remote, pair("no_such_block", 256, (x, i) -> x[i ^ 128])),
                FaultCase.of(DIVERGENT + "|" + NO_WAIT + "|" + RACE, ".*",
                        pair("multicast_unannounced", 128, reversed)),
                FaultCase.of(RACE + "|" + NO_WAIT, COPY, pair("multicast_too_early", 256,
                        (x, i) -> x[127 - i % 128] + x[255 - i % 128])),
                FaultCase.of(NO_WAIT, READ, pair("sent_and_not_awaited", 256, exchanged))).stream();
    }
}
