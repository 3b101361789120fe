package io.penstock.bench.report;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.io.InputStream;
import java.io.UncheckedIOException;
import java.util.ArrayList;
import java.util.List;

/**
 * What others have published of their engines with LFM2.5-8B-A1B in bfloat16; kept in {@code published.json}, one
 * object a point.
 *
 * @param concurrency requests in flight; 0 where it was not said
 */
record Published(String source, String engine, String device, String workload, int concurrency,
        double outputTokensPerSecond, String note) {

    static List<Published> all() {
        List<Published> all = new ArrayList<>();
        try (InputStream in = Published.class.getResourceAsStream("published.json")) {
            for (JsonNode node : new JsonMapper().readTree(in)) {
                all.add(new Published(node.get("source").asText(), node.get("engine").asText(),
                        node.get("device").asText(), node.get("workload").asText(), node.get("concurrency").asInt(),
                        node.get("outputTokensPerSecond").asDouble(), node.get("note").asText()));
            }
        } catch (IOException e) {
            throw new UncheckedIOException(e);
        }
        return all;
    }

    /** As a series of a plot is called. */
    String label() {
        return engine + ", " + device + ", " + workload + " (" + source + ")";
    }
}
