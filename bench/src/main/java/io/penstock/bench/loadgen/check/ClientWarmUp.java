package io.penstock.bench.loadgen.check;

import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.bench.loadgen.Prompt;
import io.penstock.bench.loadgen.RequestRecord;
import io.penstock.bench.loadgen.canned.CannedOptions;
import io.penstock.bench.loadgen.canned.CannedServer;
import io.penstock.bench.loadgen.client.HttpLoadClient;
import io.penstock.bench.loadgen.client.HttpTarget;
import io.penstock.bench.loadgen.client.LoadLoops;
import io.penstock.bench.loadgen.run.LoadPlan;
import io.penstock.bench.loadgen.run.LoadRun;
import java.net.URI;
import java.util.List;
import java.util.Map;
import java.util.stream.IntStream;

/**
 * Runs a client over HTTP against a server that only replays, both in this process, until the compiler has done its
 * work: what is measured afterwards is then not how slow code is when it runs for the first time.
 */
public final class ClientWarmUp {
    private static final int REQUESTS = 20_000;
    private static final int STREAMS = 4;
    private static final int OUTPUT_TOKENS = 4;
    private static final long TIMEOUT_NS = 10_000_000_000L;
    private static final int[] PROMPT = {1, 22, 333, 4_444};

    private ClientWarmUp() {}

    /**
     * Takes about a second of two cores.
     *
     * @param isChat whether the real server is asked for chats
     */
    public static void run(boolean isChat) throws InterruptedException {
        Prompt prompt = isChat ? new Prompt.Text("Hello") : new Prompt.TokenIds(PROMPT);
        List<LoadRequest> requests = IntStream.range(0, REQUESTS)
                .mapToObj(i -> new LoadRequest(i, prompt, PROMPT.length, OUTPUT_TOKENS)).toList();
        try (CannedServer server = CannedServer.start(CannedOptions.of(OUTPUT_TOKENS, 0, 0), 0, 1, false);
                var client = new HttpLoadClient(HttpTarget.of(URI.create(server.baseUrl()),
                        isChat ? "/v1/chat/completions" : "/v1/completions", isChat, Map.of(), false,
                        JsonNodeFactory.instance.objectNode()), new LoadLoops(1, false), TIMEOUT_NS)) {
            var plan = new LoadPlan(requests, null, STREAMS, false, RequestRecord.Kept.NOTHING);
            new LoadRun(plan, client, false, (_, _, _) -> { }).run();
        }
    }
}
