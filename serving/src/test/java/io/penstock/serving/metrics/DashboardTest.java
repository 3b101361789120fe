package io.penstock.serving.metrics;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.serving.grpc.DemoServer;
import io.penstock.serving.offline.DemoModel;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.util.HashSet;
import java.util.Set;
import java.util.TreeSet;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.junit.jupiter.api.Test;

/** What asks for metrics by name, outside of the code, asks for those that there are. */
class DashboardTest {
    private static final Pattern NAME = Pattern.compile("(?:vllm:|penstock_)\\w+");
    private static final Pattern SCRIPT_NAME = Pattern.compile("\"((?:vllm:|penstock_)\\w+)\"");

    private static Set<String> served() throws IOException, InterruptedException {
        try (DemoServer server = DemoServer.small()) {
            server.stub().generate(DemoServer.exactly("one", 3).build()).forEachRemaining(_ -> { });
            server.awaitEmpty();
            var out = new ByteArrayOutputStream();
            server.metrics.write(out, null);
            Set<String> names = new HashSet<>();
            out.toString(StandardCharsets.UTF_8).lines().filter(line -> !line.startsWith("#"))
                    .forEach(line -> names.add(line.split("[{ ]", 2)[0]));
            return names;
        }
    }

    private static void collect(JsonNode node, Set<String> names) {
        if (node.has("expr")) {
            Matcher matcher = NAME.matcher(node.get("expr").textValue());
            while (matcher.find()) {
                names.add(matcher.group());
            }
        }
        node.forEach(child -> collect(child, names));
    }

    @Test
    void theDashboardAsksForWhatIsServed() throws IOException, InterruptedException {
        Set<String> asked = new TreeSet<>();
        collect(new ObjectMapper().readTree(DemoModel.path("docs/grafana/penstock.json").toFile()), asked);
        assertTrue(asked.size() > 20, asked::toString);
        asked.removeAll(served());
        assertEquals(Set.of(), asked);
    }

    @Test
    void theConsoleAsksForWhatIsServed() throws IOException, InterruptedException {
        String script = Files.readString(DemoModel.path(
                "serving/src/main/resources/io/penstock/serving/console/live.js"));
        Set<String> asked = new TreeSet<>();
        Matcher matcher = SCRIPT_NAME.matcher(script);
        while (matcher.find()) {
            asked.add(matcher.group(1));
        }
        assertTrue(asked.size() > 8, asked::toString);
        Set<String> served = served();
        asked.removeIf(name -> served.contains(name) || served.contains(name + "_bucket")
                || served.contains(name + "_total"));
        assertEquals(Set.of(), asked);
    }
}
