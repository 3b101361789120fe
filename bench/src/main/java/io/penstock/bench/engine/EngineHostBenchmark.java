package io.penstock.bench.engine;

import io.penstock.bench.machine.AllocationMeter;
import io.penstock.scheduler.engine.PhaseTimes;
import java.util.Arrays;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.AuxCounters;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Level;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OperationsPerInvocation;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;
import org.openjdk.jmh.annotations.TearDown;

/**
 * Host time of a decode step. The score includes reading the tokens out, which fronts do on other threads; the
 * counters tell the engine's part of it, by phase.
 */
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class EngineHostBenchmark {
    static final int STEPS = 512;

    /** An engine that is brought back to the same context before each round of steps. */
    @State(Scope.Thread)
    public static class Decoding {
        @Param({"256", "512", "1024", "2048", "4096", "8192"})
        int numSeqs;

        @Param("true")
        boolean overlap;

        private DecodingEngine engine;
        private final Runnable round = this::round;
        private final long[] stepNs = new long[STEPS];
        private long engineNs;

        /** Makes the engine. */
        @Setup(Level.Trial)
        public void open() {
            engine = new DecodingEngine(numSeqs, overlap);
        }

        /** Fills it anew. */
        @Setup(Level.Invocation)
        public void restart() {
            engine.restart();
        }

        @TearDown(Level.Trial)
        public void close() {
            engine.close();
        }

        private void round() {
            for (int i = 0; i < STEPS; i++) {
                long startNs = System.nanoTime();
                engine.step();
                stepNs[i] = System.nanoTime() - startNs;
                engineNs += stepNs[i];
                engine.drain();
            }
        }

        private long medianStepNs() {
            Arrays.sort(stepNs);
            return stepNs[STEPS / 2];
        }
    }

    /** Sums over all rounds of an iteration, and the least median of a round. */
    @State(Scope.Thread)
    @AuxCounters(AuxCounters.Type.EVENTS)
    public static class Sums {
        public double steps;
        public double engineNs;
        public double scheduleNs;
        public double launchNs;
        public double processNs;
        public double allocatedBytes;
        public double tokens;
        public double leastMedianNs;
    }

    /** A round of steps; its score is the time of one. */
    @Benchmark
    @OperationsPerInvocation(STEPS)
    public long decode(Decoding state, Sums sums) {
        PhaseTimes times = state.engine.phaseTimes();
        long scheduleNs = times.scheduleNs();
        long launchNs = times.launchNs() + times.awaitNs();
        long processNs = times.processNs();
        long numTokens = state.engine.numTokens();
        state.engineNs = 0;
        sums.allocatedBytes += AllocationMeter.allocatedBytes(state.round);
        double medianNs = state.medianStepNs();
        sums.leastMedianNs = sums.steps == 0 ? medianNs : Math.min(medianNs, sums.leastMedianNs);
        sums.steps += STEPS;
        sums.engineNs += state.engineNs;
        sums.scheduleNs += times.scheduleNs() - scheduleNs;
        sums.launchNs += times.launchNs() + times.awaitNs() - launchNs;
        sums.processNs += times.processNs() - processNs;
        sums.tokens += state.engine.numTokens() - numTokens;
        return numTokens;
    }
}
