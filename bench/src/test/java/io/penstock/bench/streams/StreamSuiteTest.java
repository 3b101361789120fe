package io.penstock.bench.streams;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.RunContext;
import io.penstock.serving.model.ModelSource;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class StreamSuiteTest {
    private static final Path ROOT = Path.of(System.getProperty("basedir", ".")).resolve("..");

    @ParameterizedTest
    @EnumSource
    void clientsReadATokenAStreamInEachStep(StreamSuite.Protocol protocol) throws InterruptedException {
        ModelSource source = ModelSource.read("demo", ROOT.resolve("models/penstock-demo"), false);
        RunContext context = RunContext.onCpu(ROOT, Instant.EPOCH, "a test");
        BenchResult result = StreamSuite.run(source, new StreamSuite.Load(protocol, 16, 2, 4_000, 64, 1, 1), context);
        assertEquals(protocol.suite(), result.suite());
        double tokensAStep = result.metrics().get("tokensPerSecond") * result.metrics().get("stepMicros") / 1e6;
        assertTrue(tokensAStep > 4 && tokensAStep < 64, () -> tokensAStep + " tokens a step for 16 streams");
    }
}
