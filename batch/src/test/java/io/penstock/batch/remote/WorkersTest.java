package io.penstock.batch.remote;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.batch.BatchResult;
import io.penstock.batch.BatchSource;
import io.penstock.batch.line.LineFormat;
import io.penstock.batch.local.LocalEngine;
import io.penstock.batch.run.DemoLines;
import io.penstock.batch.run.EngineOpener;
import io.penstock.batch.run.Pipeline;
import io.penstock.batch.run.PipelineOptions;
import io.penstock.batch.run.TextInput;
import io.penstock.runtime.InputException;
import io.penstock.serving.offline.Penstock;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;

/** Lines at servers elsewhere: the same answers as here, whichever server goes away and comes back meanwhile. */
class WorkersTest {
    private static final int LINES = 30;

    private static String lines() {
        var text = new StringBuilder();
        for (int i = 0; i < LINES; i++) {
            String sampling = switch (i % 5) {
                case 0 -> "\"temperature\": 0";
                case 1 -> "\"temperature\": 0.7, \"top_p\": 0.9, \"n\": 2";
                case 2 -> "\"temperature\": 1.1, \"min_p\": 0.05, \"repetition_penalty\": 1.05, \"seed\": " + i;
                case 3 -> "\"logprobs\": true, \"top_logprobs\": 2, \"stop\": [\"e\"], \"return_token_ids\": true";
                default -> "\"response_format\": {\"type\": \"json_object\"}";
            };
            text.append("{\"max_tokens\": 8, \"prompt\": \"Name ").append(i).append(" rivers.\", ").append(sampling)
                    .append("}\n");
        }
        return text.append("{\"prompt\": \"x\", \"max_tokens\": 100000}\n{\"prompt\": 5}\n").toString();
    }

    private interface Meanwhile {
        void after(int numResults);
    }

    private static List<String> run(EngineOpener opener, Meanwhile meanwhile) throws IOException {
        List<String> results = new ArrayList<>();
        try (BatchSource source = new TextInput(lines()).input().open();
                Pipeline pipeline = Pipeline.start(source, LineFormat.of(DemoLines.ENCODER, DemoLines.options(null)),
                        opener, PipelineOptions.first())) {
            while (pipeline.hasNext()) {
                BatchResult result = pipeline.next();
                results.add(new String(result.json(), StandardCharsets.UTF_8));
                meanwhile.after(results.size());
            }
            assertTrue(pipeline.isComplete());
        }
        return results.stream().sorted().toList();
    }

    private static EngineOpener remote(List<LocalServer> servers) {
        List<WorkerAddress> addresses = servers.stream()
                .map(server -> new WorkerAddress("127.0.0.1", server.port())).toList();
        return () -> RemoteEngine.connect(addresses, DemoLines.ENCODER,
                new WorkerCheck(DemoLines.ENCODER.source(), 512, "float32"), TimeUnit.SECONDS.toNanos(60));
    }

    @Test
    void aServerThatDiesAndComesBackLosesNothing() throws IOException {
        List<String> here = run(() -> new LocalEngine(
                Penstock.open(DemoLines.ENCODER, LocalServer.CONFIG, _ -> { }, () -> 0)), _ -> { });
        assertEquals(LINES + 2, here.size());
        List<LocalServer> servers = new ArrayList<>(List.of(
                new LocalServer(0), new LocalServer(0), new LocalServer(0)));
        try {
            List<String> there = run(remote(servers), numResults -> {
                if (numResults == 5) {
                    servers.get(1).close();
                } else if (numResults == 15) {
                    servers.set(1, new LocalServer(servers.get(1).port()));
                }
            });
            assertEquals(here, there);
            for (LocalServer server : servers) {
                assertTrue(server.numAnswered() > 0, "a server was given nothing");
            }
        } finally {
            servers.forEach(LocalServer::close);
        }
    }

    @Test
    void whatWorkersCannotBeTold() throws IOException {
        try (var server = new LocalServer(0)) {
            var input = new TextInput("""
                    {"prompt": "a", "bad_words": ["x"]}
                    {"prompt": "a", "temperature": 0.123456789}
                    {"prompt": "a", "seed": 5000000000}
                    """);
            List<String> results = new ArrayList<>();
            try (BatchSource source = input.input().open(); Pipeline pipeline = Pipeline.start(source,
                    DemoLines.format(), remote(List.of(server)), PipelineOptions.first())) {
                pipeline.forEachRemaining(result -> results.add(new String(result.json(), StandardCharsets.UTF_8)));
            }
            assertEquals(3, results.size());
            assertTrue(results.stream().allMatch(result -> result.contains("\"status_code\":400")), results::toString);
        }
    }

    @Test
    void workersOfAnotherModelAreRefused() {
        try (var server = new LocalServer(0)) {
            var check = new WorkerCheck(DemoLines.ENCODER.source(), 4_096, null);
            var worker = new Worker(new WorkerAddress("127.0.0.1", server.port()), check);
            worker.probe();
            assertTrue(worker.problem().contains("--max-model-len is 512"), worker.problem());
            worker.close();
        }
        assertThrows(InputException.class, () -> WorkerAddress.parse("gpu1"));
        assertThrows(InputException.class, () -> WorkerAddress.parse("gpu1:0"));
        assertEquals(List.of(new WorkerAddress("a", 1), new WorkerAddress("::1", 2)),
                WorkerAddress.parse("a:1, [::1]:2,a:1"));
    }
}
