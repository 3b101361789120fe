package io.penstock.batch.local;

import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.batch.BatchException;
import io.penstock.batch.BatchSource;
import io.penstock.batch.run.DemoLines;
import io.penstock.batch.run.Pipeline;
import io.penstock.batch.run.PipelineOptions;
import io.penstock.batch.run.TextInput;
import io.penstock.runtime.ForwardBatch;
import io.penstock.runtime.ModelLimits;
import io.penstock.runtime.ModelRunner;
import io.penstock.runtime.SamplingParams;
import io.penstock.runtime.StepResult;
import io.penstock.scheduler.SchedulerConfig;
import io.penstock.scheduler.engine.Engine;
import io.penstock.scheduler.engine.EngineConfig;
import io.penstock.serving.offline.Penstock;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

final class LocalEngineTest {
    private static final ModelLimits LIMITS = new ModelLimits(4, 64, 256, 16, 4);
    private static final long TIMEOUT_NS = TimeUnit.MILLISECONDS.toNanos(200);
    private static final EngineConfig CONFIG = new EngineConfig(
            SchedulerConfig.throughput(), 1_000, true, TimeUnit.MINUTES.toNanos(1), TIMEOUT_NS);

    /** Answers some steps at once and then no more until it is let go. */
    private static final class HangingRunner implements ModelRunner {
        private final StepResult[] results = {new StepResult(4), new StepResult(4)};
        private final CountDownLatch released = new CountDownLatch(1);
        private int numLeft;
        private int numLaunched;
        private int numAwaited;

        HangingRunner(int numSteps) {
            numLeft = numSteps;
        }

        @Override
        public ModelLimits limits() {
            return LIMITS;
        }

        @Override
        public void startSequence(
                int convSlot, SamplingParams params, int[] tokenIds, int promptLength, int numTokens) {}

        @Override
        public void launch(ForwardBatch batch) {
            results[numLaunched++ % results.length].reset(batch.numLogits());
        }

        @Override
        public StepResult await() {
            if (numLeft-- <= 0) {
                try {
                    released.await();
                } catch (InterruptedException e) {
                    Thread.currentThread().interrupt();
                }
            }
            return results[numAwaited++ % results.length];
        }

        @Override
        public void close() {}
    }

    @Test
    void anEngineThatHangsEndsTheJob() throws Exception {
        var text = new StringBuilder();
        for (int i = 0; i < 60; i++) {
            text.append("{\"prompt\": \"a\", \"ignore_eos\": true}\n");
        }
        var hanging = new HangingRunner(100);
        var stuck = new Engine(hanging, CONFIG, System::nanoTime);
        try (BatchSource source = new TextInput(text.toString()).input().open();
                Pipeline pipeline = Pipeline.start(source, DemoLines.format(), () -> new LocalEngine(
                        Penstock.start(DemoLines.ENCODER, stuck, LIMITS, () -> 0),
                        TIMEOUT_NS), PipelineOptions.first())) {
            BatchException end = assertThrows(BatchException.class, () -> {
                while (pipeline.hasNext()) {
                    pipeline.next();
                }
            });
            assertTrue(end.getMessage().startsWith("the engine has stood still for 0 s with"), end::getMessage);
        }
    }
}
