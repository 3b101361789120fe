package io.penstock.bench.loadgen.serve;

import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.ArrayNode;
import com.fasterxml.jackson.databind.node.ObjectNode;
import io.penstock.bench.loadgen.RequestRecord;
import io.penstock.bench.loadgen.run.LoadOutcome;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.Map;

/** A run as the JSON that {@code vllm bench serve} writes, for tools that read it. */
public final class ServeJson {
    private static final JsonMapper JSON = JsonMapper.builder().build();
    private static final double NS_PER_SECOND = 1e9;

    private final ObjectNode json = JSON.createObjectNode();

    /**
     * The description and the figures.
     *
     * @param head {@code date}, {@code backend} and so on, in this order
     */
    public ServeJson(Map<String, Object> head, Map<String, Double> metrics) {
        head.forEach(json::putPOJO);
        metrics.forEach((name, value) -> {
            if (value == Math.rint(value) && Math.abs(value) < 1e15) {
                json.put(name, value.longValue());
            } else {
                json.put(name, value);
            }
        });
    }

    /** Adds lists with an entry for each request. Texts are there where they were kept. */
    public ServeJson withDetails(LoadOutcome outcome) {
        ArrayNode inputs = json.putArray("input_lens");
        ArrayNode outputs = json.putArray("output_lens");
        ArrayNode ttfts = json.putArray("ttfts");
        ArrayNode itls = json.putArray("itls");
        ArrayNode latencies = json.putArray("latencies");
        ArrayNode starts = json.putArray("start_times");
        ArrayNode texts = json.putArray("generated_texts");
        ArrayNode errors = json.putArray("errors");
        for (RequestRecord record : outcome.records()) {
            boolean isFailed = record.isFailed();
            inputs.add(record.inputTokens());
            outputs.add(isFailed ? 0 : record.outputTokens());
            ttfts.add(isFailed ? 0 : record.ttftNs() / NS_PER_SECOND);
            latencies.add(isFailed ? 0 : record.e2elNs() / NS_PER_SECOND);
            starts.add((record.dueNs() - outcome.span().startNs()) / NS_PER_SECOND);
            texts.add(record.text() == null ? "" : record.answer());
            errors.add(isFailed ? record.message() : "");
            ArrayNode gaps = itls.addArray();
            long[] times = record.times();
            for (int i = 1; times != null && i < times.length; i++) {
                gaps.add((times[i] - times[i - 1]) / NS_PER_SECOND);
            }
        }
        return this;
    }

    /** Writes it as a file, or behind what is there, on a line of its own. */
    public void write(Path file, boolean isAppended) {
        try {
            if (file.toAbsolutePath().getParent() != null) {
                Files.createDirectories(file.toAbsolutePath().getParent());
            }
            byte[] bytes = JSON.writeValueAsString(json).getBytes(StandardCharsets.UTF_8);
            if (!isAppended) {
                Files.write(file, bytes);
                return;
            }
            boolean isFirst = !Files.exists(file) || Files.size(file) == 0;
            Files.write(file, isFirst ? bytes : ("\n" + new String(bytes, StandardCharsets.UTF_8)).getBytes(
                    StandardCharsets.UTF_8), StandardOpenOption.CREATE, StandardOpenOption.APPEND);
        } catch (IOException e) {
            throw new InputException("cannot write the result to " + file + ": " + e.getMessage(), e);
        }
    }

    @Override
    public String toString() {
        return json.toString();
    }
}
