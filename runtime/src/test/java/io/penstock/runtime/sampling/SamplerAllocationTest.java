package io.penstock.runtime.sampling;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.sun.management.ThreadMXBean;
import io.penstock.runtime.StepResult;
import java.lang.management.ManagementFactory;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.SplittableRandom;
import java.util.stream.Stream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.MethodSource;

/** A step samples without allocating: not one byte in a thousand calls. */
class SamplerAllocationTest {
    private static final int VOCAB = 4096;
    private static final int[] PROMPT = {1, 2, 3};
    private static final int CALLS = 1000;
    private static final ThreadMXBean THREADS = (ThreadMXBean) ManagementFactory.getThreadMXBean();

    static Stream<Settings> settings() {
        return Stream.of(
                new Settings().temperature(0),
                new Settings().temperature(0).penalties(1.1, 0.1, 0.1).numLogprobs(20),
                new Settings(),
                new Settings().temperature(0.2).filters(80, 1, 0).penalties(1.05, 0, 0),
                new Settings().filters(0, 0.9, 0).numLogprobs(5),
                new Settings().filters(50, 0.9, 0.05).penalties(1.2, 0.5, 0.5).minTokens(100)
                        .logitBias(Map.of(5, 1.0)).stopTokenIds(Set.of(7))
                        .badWords(List.of(List.of(8), List.of(9, 10))),
                new Settings().allowed(Set.of(5, 6, 7)).badWords(List.of(List.of(5), List.of(6), List.of(7))));
    }

    @ParameterizedTest
    @MethodSource("settings")
    void sampleAndAppend(Settings settings) {
        Sampler sampler = new Sampler(VOCAB, VOCAB - 9, new int[] {4});
        SamplingState state = new SamplingState(VOCAB, 8000);
        StepResult result = new StepResult(1);
        float[] logits = new float[VOCAB];
        SplittableRandom random = new SplittableRandom(1);
        for (int i = 0; i < VOCAB; i++) {
            logits[i] = (float) random.nextGaussian(0, 2);
        }
        long bytes = Long.MAX_VALUE;
        for (int attempt = 0; attempt < 3 && bytes != 0; attempt++) {
            settings.start(state, PROMPT);
            bytes = allocatedBytes(sampler, state, result, logits);
        }
        assertEquals(0, bytes);
        assertEquals(CALLS, state.numOutputTokens());
    }

    @Test
    void theMeasureSeesAllocations() {
        long before = THREADS.getCurrentThreadAllocatedBytes();
        TokenSet set = new TokenSet(VOCAB);
        long bytes = THREADS.getCurrentThreadAllocatedBytes() - before;
        set.add(1);
        assertTrue(bytes >= VOCAB / 8, bytes + " bytes");
    }

    private static long allocatedBytes(Sampler sampler, SamplingState state, StepResult result, float[] logits) {
        long thread = Thread.currentThread().threadId();
        long before = THREADS.getThreadAllocatedBytes(thread);
        long measure = THREADS.getThreadAllocatedBytes(thread) - before;
        before = THREADS.getThreadAllocatedBytes(thread);
        for (int i = 0; i < CALLS; i++) {
            result.reset(1);
            sampler.sample(logits, 0, state, result, 0);
            state.append(result.tokenId(0));
        }
        return THREADS.getThreadAllocatedBytes(thread) - before - measure;
    }
}
