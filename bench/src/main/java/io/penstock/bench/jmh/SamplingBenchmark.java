package io.penstock.bench.jmh;

import io.penstock.runtime.Penalties;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.runtime.StopConditions;
import io.penstock.runtime.TokenConstraints;
import io.penstock.runtime.TokenFilters;
import io.penstock.runtime.sampling.Sampler;
import io.penstock.runtime.sampling.SamplingState;
import java.util.SplittableRandom;
import java.util.concurrent.TimeUnit;
import org.openjdk.jmh.annotations.Benchmark;
import org.openjdk.jmh.annotations.BenchmarkMode;
import org.openjdk.jmh.annotations.Mode;
import org.openjdk.jmh.annotations.OutputTimeUnit;
import org.openjdk.jmh.annotations.Param;
import org.openjdk.jmh.annotations.Scope;
import org.openjdk.jmh.annotations.Setup;
import org.openjdk.jmh.annotations.State;

/** A token from one row of 65,536 logits on the CPU. */
@State(Scope.Thread)
@BenchmarkMode(Mode.AverageTime)
@OutputTimeUnit(TimeUnit.NANOSECONDS)
public class SamplingBenchmark {
    private static final int VOCAB = 65_536;
    private static final int ROWS = 16;
    private static final double SPREAD = 3;

    /** How it is chosen. */
    @Param({"greedy", "temperature", "top-k-50", "top-p-0.9", "min-p-0.15-penalty"})
    String how;

    private final float[] logits = new float[ROWS * VOCAB];
    private final Sampler sampler = new Sampler(VOCAB, VOCAB, new int[] {2});
    private final SamplingState state = new SamplingState(VOCAB, 2048);
    private final StepResult result = new StepResult(ROWS);
    private int row;

    /** Bell-shaped logits, rows of different ones. */
    @Setup
    public void fill() {
        var random = new SplittableRandom(7);
        for (int i = 0; i < logits.length; i++) {
            logits[i] = (float) (SPREAD * random.nextGaussian());
        }
        TokenFilters filters = switch (how) {
            case "top-k-50" -> new TokenFilters(50, 1, 0);
            case "top-p-0.9" -> new TokenFilters(0, 0.9, 0);
            case "min-p-0.15-penalty" -> new TokenFilters(0, 1, 0.15);
            default -> TokenFilters.NONE;
        };
        Penalties penalties = how.endsWith("penalty") ? new Penalties(1.05, 0, 0) : Penalties.NONE;
        var params = new SamplingParams(how.equals("greedy") ? 0 : 1, filters, penalties, TokenConstraints.NONE,
                StopConditions.afterTokens(1024), 42, -1);
        int[] prompt = random.ints(512, 0, VOCAB).toArray();
        state.start(params, prompt, prompt.length, prompt.length);
        result.reset(ROWS);
    }

    /** One row; the next call takes another. */
    @Benchmark
    public int sample() {
        row = (row + 1) % ROWS;
        sampler.sample(logits, row * VOCAB, state, result, row);
        return result.tokenId(row);
    }
}
