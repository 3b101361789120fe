package io.penstock.runtime.cuda;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.penstock.device.Graph;
import io.penstock.device.Stream;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.kernels.AttentionKernel;
import io.penstock.kernels.AttentionPlan;
import io.penstock.runtime.check.Closeness;
import io.penstock.runtime.check.Samples;
import io.penstock.runtime.cuda.DeviceBuffers.Buffer;
import java.lang.foreign.Arena;
import java.lang.foreign.MemorySegment;
import java.lang.foreign.ValueLayout;
import java.util.Arrays;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Attention's bits depend neither on how many take its items, nor on their order, nor on whether a graph does it. */
class AttentionWorkersTest {
    private static final int NUM_SCHEDULES = 20;
    private static final int GROUP = 3;
    private static final int KV_HEADS = 2;
    private static final int COLUMNS = (GROUP + 2) * KV_HEADS * 64;
    private static final int WIDTH = GROUP * KV_HEADS * 64;
    private static final int NUM_BLOCKS = 7;
    private static final int MAX_LEN = 1200;
    private static final int MAX_BLOCKS = 19;
    private static final int MAX_SEQS = 6;
    private static final int MAX_TOKENS = 100;

    /** New and computed tokens. */
    private static final int[][] STEP = {{1, 1100}, {50, 1000}, {1, 63}, {2, 520}, {1, 640}, {1, 0}};

    private final float[] blocks = new Samples(1).normal(NUM_BLOCKS * KV_HEADS * 2 * 64 * 64, 1);
    private final float[] qkv = new Samples(2).normal(MAX_TOKENS * COLUMNS, 1);

    /** An emulator with attention's memory. */
    private final class Bench implements AutoCloseable {
        private final EmulatorDevice device;
        private final Stream stream;
        private final AttentionPlan.Sizes sizes;
        private final AttentionKernel kernel;
        private final DeviceBuffers buffers;
        private final Buffer out;
        private final Buffer plan;
        private final Buffer counters;
        private final Buffer heads;
        private final Buffer keysValues;
        private final AttentionKernel.StepAddresses step;

        Bench(int capability, int seed, AttentionPlan.Workers workers) {
            device = new EmulatorDevice(EmulatorOptions.collecting(seed).on(capability));
            stream = device.createStream("attention");
            sizes = new AttentionPlan.Sizes(
                    MAX_SEQS, MAX_TOKENS, MAX_LEN, new AttentionPlan.Heads(GROUP, KV_HEADS), workers);
            kernel = new AttentionKernel(device, sizes);
            buffers = new DeviceBuffers(device, stream);
            out = buffers.output("out", 2L * MAX_TOKENS * WIDTH);
            plan = buffers.ints("plan", new int[(int) sizes.planBytes() / Integer.BYTES]);
            counters = buffers.ints("counters", new int[(int) sizes.counterBytes() / Integer.BYTES]);
            heads = buffers.bf16("qkv", qkv);
            keysValues = buffers.bf16("KV blocks", blocks);
            int[] tables = new int[MAX_SEQS * MAX_BLOCKS];
            Arrays.setAll(tables, i -> i * 5 % NUM_BLOCKS);
            step = new AttentionKernel.StepAddresses(buffers.ints("tables", tables).address(), plan.address(),
                    buffers.output("partials", sizes.partialBytes()).address(), counters.address());
        }

        /** Cuts the step as the workers ask for; gives the numbers of decode and prefill items. */
        int[] plan(int[][] sequences) {
            AttentionPlan host = new AttentionPlan(sizes);
            int token = 0;
            for (int s = 0; s < sequences.length; s++) {
                host.add(token, sequences[s][0], s, sequences[s][1]);
                token += sequences[s][0];
            }
            try (Arena arena = Arena.ofConfined()) {
                MemorySegment memory = arena.allocate(sizes.planBytes(), 4);
                host.write(memory, 0);
                stream.copyToDevice(plan.memory(), 0, memory, 0, sizes.planBytes());
                stream.synchronize();
                return memory.asSlice(0, 8).toArray(ValueLayout.JAVA_INT);
            }
        }

        void launchDecode() {
            kernel.launchDecode(stream, out.address(), heads.address(), keysValues.address(), step);
        }

        /** The rows of the first tokens; no number where nothing was written. */
        float[] rows(int numTokens) {
            return Arrays.copyOf(buffers.readBf16(out), numTokens * WIDTH);
        }

        float[] run(int[][] sequences) {
            plan(sequences);
            launchDecode();
            kernel.launchPrefill(stream, out.address(), heads.address(), keysValues.address(), step);
            stream.synchronize();
            return rows(MAX_TOKENS);
        }

        @Override
        public void close() {
            for (int counter : buffers.readInts(counters.memory())) {
                assertEquals(0, counter, "counters are zero after a launch");
            }
            kernel.close();
            buffers.close();
            assertEquals(List.of(), device.faults());
            device.close();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {80, 90})
    void sameBitsWhoeverTakesTheItems(int capability) {
        float[] first = null;
        int seed = 0;
        for (int numDecodeWarps : new int[] {4, 12, 40, 400}) {
            AttentionPlan.Workers workers = new AttentionPlan.Workers(numDecodeWarps, 1 + numDecodeWarps / 7);
            for (int round = 0; round < 2; round++) {
                try (Bench bench = new Bench(capability, 100 * seed++, workers)) {
                    float[] rows = bench.run(STEP);
                    first = first == null ? rows : first;
                    new Closeness().requireSame(workers.toString(), WIDTH, first, rows);
                    if (round == 0) {
                        new Closeness().requireSame(workers + " again", WIDTH, first, bench.run(STEP));
                    }
                }
            }
        }
    }

    /** Each launch has an order of its own: pieces end, and are merged, in many. */
    @Test
    void sameBitsInAnyOrder() {
        int[][] sequences = {{1, 1030}, {20, 505}, {1, 63}};
        try (Bench bench = new Bench(90, 5, new AttentionPlan.Workers(12, 6))) {
            float[] first = bench.run(sequences);
            for (int run = 1; run < NUM_SCHEDULES; run++) {
                new Closeness().requireSame("run " + run, WIDTH, first, bench.run(sequences));
            }
        }
    }

    @Test
    void contextsAreCutByFewerItemsThanWorkers() {
        try (Bench few = new Bench(80, 1, new AttentionPlan.Workers(4, 1));
                Bench many = new Bench(80, 1, new AttentionPlan.Workers(400, 40))) {
            assertEquals(List.of(4, 3), Arrays.stream(few.plan(STEP)).boxed().toList());
            assertEquals(List.of(7, 8), Arrays.stream(many.plan(STEP)).boxed().toList());
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {80, 90})
    void rowsOfNoItemAreLeftAlone(int capability) {
        try (Bench bench = new Bench(capability, 3, new AttentionPlan.Workers(40, 8))) {
            float[] rows = bench.run(new int[][] {{1, 70}, {3, 5}});
            for (int i = 0; i < rows.length; i++) {
                assertEquals(i >= 4 * WIDTH, Float.isNaN(rows[i]), "value " + i);
            }
            bench.plan(new int[0][]);
            bench.launchDecode();
            bench.stream.synchronize();
        }
    }

    @ParameterizedTest
    @ValueSource(ints = {80, 90})
    void aGraphHoldsForEveryPlan(int capability) {
        int[][][] steps = {{{1, 9}}, {{1, 1100}, {1, 63}, {1, 640}}, {}, {{1, 600}, {1, 0}}};
        try (Bench bench = new Bench(capability, 7, new AttentionPlan.Workers(40, 8));
                Bench direct = new Bench(capability, 9, new AttentionPlan.Workers(16, 8))) {
            bench.plan(steps[0]);
            bench.stream.beginCapture();
            bench.launchDecode();
            try (Graph graph = bench.stream.endCapture("decode")) {
                for (int[][] step : steps) {
                    bench.plan(step);
                    bench.stream.launch(graph);
                    bench.stream.synchronize();
                    float[] expected = direct.run(step);
                    new Closeness().requireSame(
                            step.length + " sequences", WIDTH, Arrays.copyOf(expected, step.length * WIDTH),
                            bench.rows(step.length));
                }
            }
        }
    }
}
