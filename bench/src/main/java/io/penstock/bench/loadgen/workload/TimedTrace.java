package io.penstock.bench.loadgen.workload;

import com.fasterxml.jackson.databind.JsonNode;
import io.penstock.bench.loadgen.LoadRequest;
import io.penstock.runtime.text.Tokenizer;
import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.SplittableRandom;

/**
 * A trace with times and lengths, as lines {@code {"timestamp", "input_length", "output_length", "hash_ids"}}: prompts
 * of random tokens, where equal hash ids are the same 512 tokens, so that prefixes are shared as they were.
 */
final class TimedTrace {
    private static final int HASHED_TOKENS = 512;
    private static final double NS_PER_MS = 1e6;

    private final WorkloadOptions options;
    private final TokenSource tokens;

    TimedTrace(WorkloadOptions options, Tokenizer tokenizer) {
        this.options = options;
        tokens = new TokenSource(tokenizer, options.isChat());
    }

    /** One line. */
    private record Line(double timestampMs, int inputTokens, int outputTokens, JsonNode hashIds, int number) {}

    List<LoadRequest> requests() {
        List<Line> lines = new ArrayList<>();
        for (DatasetFile.Entry entry : new DatasetFile(options).entries()) {
            lines.add(line(entry));
        }
        lines.sort(Comparator.comparingDouble(Line::timestampMs));
        double startMs = lines.getFirst().timestampMs();
        List<LoadRequest> requests = new ArrayList<>();
        for (Line line : lines.subList(0, Math.min(options.numPrompts(), lines.size()))) {
            long atNs = options.file().isTimed() ? (long) ((line.timestampMs() - startMs) * NS_PER_MS)
                    : LoadRequest.UNTIMED;
            requests.add(new LoadRequest(requests.size(), tokens.prompt(ids(line)), line.inputTokens(),
                    line.outputTokens(), atNs, LoadRequest.FIRST_TURN));
        }
        return requests;
    }

    private Line line(DatasetFile.Entry entry) {
        JsonNode json = entry.json();
        JsonNode time = json.path("timestamp");
        int input = length(entry, "input_length", "input_len", "prompt_len");
        int output = options.outputLen() > 0 ? options.outputLen()
                : length(entry, "output_length", "output_len", "output_tokens");
        if (!time.isNumber() || !(time.doubleValue() >= 0)) {
            throw entry.wrong("'timestamp' in milliseconds is needed");
        }
        return new Line(time.doubleValue(), input, output, json.path("hash_ids"), entry.number());
    }

    private static int length(DatasetFile.Entry entry, String... keys) {
        for (String key : keys) {
            JsonNode value = entry.json().path(key);
            if (value.isInt() && value.intValue() > 0) {
                return value.intValue();
            }
        }
        throw entry.wrong("'" + keys[0] + "' in tokens is needed, at least 1");
    }

    private int[] ids(Line line) {
        int[] ids = new int[line.inputTokens()];
        int at = 0;
        for (JsonNode hash : line.hashIds()) {
            int end = Math.min(ids.length, at + HASHED_TOKENS);
            int[] block = tokens.ids(new SplittableRandom(options.seed() * 31 + hash.longValue()), end - at);
            System.arraycopy(block, 0, ids, at, end - at);
            at = end;
        }
        if (at < ids.length) {
            int[] rest = tokens.ids(new SplittableRandom(options.seed() - line.number()), ids.length - at);
            System.arraycopy(rest, 0, ids, at, rest.length);
        }
        return ids;
    }
}
