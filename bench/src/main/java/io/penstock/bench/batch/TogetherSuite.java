package io.penstock.bench.batch;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import com.fasterxml.jackson.databind.node.JsonNodeFactory;
import io.penstock.batch.BatchRecord;
import io.penstock.batch.BatchResult;
import io.penstock.batch.BatchSource;
import io.penstock.batch.line.Line;
import io.penstock.batch.line.LineFormat;
import io.penstock.batch.line.LineOptions;
import io.penstock.batch.local.LocalEngine;
import io.penstock.batch.run.Pipeline;
import io.penstock.batch.run.PipelineOptions;
import io.penstock.batch.source.LineFile;
import io.penstock.bench.results.BenchResult;
import io.penstock.bench.results.RunContext;
import io.penstock.runtime.InputException;
import io.penstock.serving.model.Preset;
import io.penstock.serving.model.RequestEncoder;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.offline.Penstock;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.HashMap;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.function.IntConsumer;

/**
 * The lines of a labelled batch file in one run against the same lines one at a time, in turns, in one process: given
 * to the engine itself, and sent to a server.
 */
public final class TogetherSuite {
    /** Names the results file. */
    public static final String NAME = "batch-together";

    private static final int WARM_UP_ROUNDS = 3;
    private static final int ROUNDS = 5;

    /** How often all lines are run, those included that only warm up. */
    public static final int ALL_ROUNDS = WARM_UP_ROUNDS + ROUNDS;

    private static final JsonMapper MAPPER = new JsonMapper();

    private final RequestEncoder encoder;
    private final ServingConfig config;
    private final RunContext context;

    /** On the CPU in float32, with the limits that {@code penstock batch} has by default. */
    public TogetherSuite(RequestEncoder encoder, RunContext context) {
        this.encoder = encoder;
        this.context = context;
        config = ServingConfig.of(Preset.THROUGHPUT);
    }

    /**
     * Measures.
     *
     * @param input an OpenAI batch file of chats
     * @param labels the right answers, as {@code custom_id} and {@code label}
     * @param onRound is told how many of {@link #ALL_ROUNDS} are done
     */
    public BenchResult run(Path input, Path labels, IntConsumer onRound) {
        try {
            return measure(new LineFile(input, LineFile.DEFAULT_MAX_LINE_BYTES), labels(labels), onRound);
        } catch (IOException e) {
            throw new InputException(input + " and " + labels + " cannot be read: " + e.getMessage(), e);
        }
    }

    private static Map<String, String> labels(Path file) throws IOException {
        Map<String, String> labels = new HashMap<>();
        for (String line : Files.readAllLines(file)) {
            JsonNode label = MAPPER.readTree(line);
            labels.put(label.get("custom_id").asText(), label.get("label").asText());
        }
        return labels;
    }

    private BenchResult measure(LineFile input, Map<String, String> labels, IntConsumer onRound) throws IOException {
        LineFormat format = LineFormat.of(encoder, new LineOptions(
                new LineOptions.Models(List.of(encoder.source().name()), true), new LineOptions.Plain(null,
                JsonNodeFactory.instance.objectNode(), null, false, LineOptions.Plain.CUSTOM_ID), 0, 0, true));
        double[] alone = new double[ROUNDS];
        double[] sent = new double[ROUNDS];
        double[] together = new double[ROUNDS];
        Answers answers = null;
        for (int round = -WARM_UP_ROUNDS; round < ROUNDS; round++) {
            double aloneSeconds = oneByOne(input, format);
            double sentSeconds = sent(input);
            answers = together(input, format, labels);
            if (round >= 0) {
                alone[round] = aloneSeconds;
                sent[round] = sentSeconds;
                together[round] = answers.seconds;
            }
            onRound.accept(round + WARM_UP_ROUNDS + 1);
        }
        return result(input, answers, median(alone), median(sent), median(together));
    }

    private static double median(double[] seconds) {
        Arrays.sort(seconds);
        return seconds[seconds.length / 2];
    }

    private BenchResult result(LineFile input, Answers answers, double alone, double sent, double together) {
        Map<String, Double> metrics = new LinkedHashMap<>();
        metrics.put("speedup", alone / together);
        metrics.put("speedupOverSent", sent / together);
        metrics.put("linesPerSecond", answers.numLines / together);
        metrics.put("linesPerSecondOneByOne", answers.numLines / alone);
        metrics.put("linesPerSecondSent", answers.numLines / sent);
        metrics.put("accuracy", answers.numRight / (double) answers.numLines);
        Map<String, Object> settings = new LinkedHashMap<>();
        settings.put("lines", answers.numLines);
        settings.put("input", Path.of(input.name()).getFileName().toString());
        settings.put("arithmetic", config.arithmetic().toString());
        settings.put("rounds", ROUNDS);
        return new BenchResult(NAME, "demo", context, encoder.source().name(), settings, metrics, null);
    }

    /** Seconds, without opening the engine. */
    private double sent(LineFile input) throws IOException {
        try (var server = new LoopbackServer(encoder, config)) {
            long startNs = System.nanoTime();
            server.send(Path.of(input.name()));
            return seconds(startNs);
        }
    }

    private record Answers(double seconds, int numLines, int numRight) {}

    private Answers together(LineFile input, LineFormat format, Map<String, String> labels) throws IOException {
        Penstock penstock = open();
        long startNs = System.nanoTime();
        int numRight = 0;
        int numLines = 0;
        try (BatchSource source = input.open();
                Pipeline results = Pipeline.start(
                        source, format, () -> new LocalEngine(penstock), PipelineOptions.first())) {
            for (; results.hasNext(); numLines++) {
                numRight += isRight(results.next(), labels) ? 1 : 0;
            }
            return new Answers(seconds(startNs), numLines, numRight);
        }
    }

    private double oneByOne(LineFile input, LineFormat format) throws IOException {
        try (Penstock penstock = open(); BatchSource source = input.open()) {
            long startNs = System.nanoTime();
            for (BatchRecord record = source.next(); record != null; record = source.next()) {
                if (!(format.reader().read(record) instanceof Line.Asked asked)) {
                    throw new InputException(input.name() + " line " + (record.number() + 1) + " is no request");
                }
                var encoded = format.answers().encode(asked);
                format.answers().answered(encoded.line(), List.of(penstock.generate(encoded.requests().getFirst())));
            }
            return seconds(startNs);
        }
    }

    private static double seconds(long startNs) {
        return (System.nanoTime() - startNs) / 1e9;
    }

    private Penstock open() {
        return Penstock.open(encoder, config, layer -> { }, () -> 0);
    }

    private static boolean isRight(BatchResult result, Map<String, String> labels) throws IOException {
        JsonNode line = MAPPER.readTree(result.json());
        String content = line.at("/response/body/choices/0/message/content").asText();
        return content.strip().equals(labels.get(line.get("custom_id").asText()));
    }
}
