package io.penstock.bench.jmh;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.bench.results.RunContext;
import io.penstock.runtime.InputException;
import io.penstock.serving.grpc.wire.GenerateResponse;
import java.nio.charset.StandardCharsets;
import java.nio.file.Path;
import java.time.Instant;
import org.junit.jupiter.api.Test;

/** What is timed does what it says. */
class HostPathsTest {
    private static final Path MODEL =
            Path.of(System.getProperty("basedir", ".")).resolve("../models/penstock-demo");

    @Test
    void textThereAndBack() {
        System.setProperty(HostPaths.MODEL, MODEL.toString());
        try {
            var text = new TextBenchmark();
            text.load();
            assertTrue(text.detokenise() > TextBenchmark.NUM_TOKENS, "characters of " + TextBenchmark.NUM_TOKENS);
            assertEquals(TextBenchmark.NUM_TOKENS, text.tokenise().length);
        } finally {
            System.clearProperty(HostPaths.MODEL);
        }
    }

    @Test
    void messages() throws Exception {
        var message = new MessageBenchmark();
        String event = new String(message.event(), StandardCharsets.UTF_8);
        assertTrue(event.contains("\"content\":\" token\"") && event.contains("chat.completion.chunk"), event);
        GenerateResponse chunk = GenerateResponse.parseFrom(message.grpcChunk());
        assertEquals(1, chunk.getChunk().getTokenIdsCount());
    }

    @Test
    void everyWayOfSamplingDrawsTokens() {
        for (String how : new String[] {"greedy", "temperature", "top-k-50", "top-p-0.9", "min-p-0.15-penalty"}) {
            var sampling = new SamplingBenchmark();
            sampling.how = how;
            sampling.fill();
            int first = sampling.sample();
            int second = sampling.sample();
            assertTrue(first >= 0 && first < 65_536 && first != second, how + ": " + first + ", " + second);
        }
    }

    @Test
    void admissionFindsThePrefixOnlyWhereItIsToBeFound() {
        for (boolean isCached : new boolean[] {false, true}) {
            var admission = new AdmissionBenchmark();
            admission.isCached = isCached;
            admission.fill();
            long numCached = 0;
            for (int i = 0; i < 200; i++) {
                numCached = admission.request();
            }
            assertEquals(isCached, numCached > 100 * 900, "cached tokens " + numCached);
        }
    }

    @Test
    void aPatternThatIsNone() {
        var context = new RunContext("unknown", Instant.EPOCH, "host", null, "jdk", "command");
        String message = assertThrows(InputException.class, () -> HostPaths.run("(", 1, MODEL, context)).getMessage();
        assertTrue(message.startsWith("'(' is no pattern: "), message);
    }
}
