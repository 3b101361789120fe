package io.penstock.cli;

import io.penstock.bench.loadgen.RequestRecord;
import io.penstock.bench.loadgen.run.Goodput;
import io.penstock.bench.loadgen.run.LoadMetrics;
import io.penstock.bench.loadgen.serve.ServeBenchmark;
import io.penstock.bench.loadgen.serve.ServeJson;
import io.penstock.runtime.InputException;
import java.nio.file.Path;
import java.time.LocalDateTime;
import java.time.format.DateTimeFormatter;
import java.util.Arrays;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Locale;
import java.util.Map;
import picocli.CommandLine.Option;

/** The options of what is reported of a load and where it is kept; named as those of {@code vllm bench serve}. */
final class LoadResultOptions {
    private static final List<String> LATENCIES = List.of("ttft", "tpot", "itl", "e2el", "client_queue_time");
    private static final DateTimeFormatter DATE = DateTimeFormatter.ofPattern("yyyyMMdd-HHmmss", Locale.ROOT);

    @Option(names = "--save-result", paramLabel = "DIR", arity = "0..1", fallbackValue = "",
            description = "With DIR: appends a JSON line to DIR/serve.jsonl, as other measurements do. Without: writes"
                    + " the JSON of vllm bench serve to --result-dir.")
    private String saved;

    @Option(names = "--append-result", description = "As --save-result, behind what is in the file.")
    private boolean isAppended;

    @Option(names = "--save-detailed", description = "That JSON with times, texts and errors of each request.")
    private boolean isDetailed;

    @Option(names = "--result-dir", paramLabel = "DIR", description = "Where that JSON goes. Default: here.")
    private Path resultDir;

    @Option(names = "--result-filename", paramLabel = "NAME",
            description = "Default: made of label, rate, concurrency, model and time.")
    private String resultFilename;

    @Option(names = "--label", paramLabel = "TEXT", description = "Its beginning. Default: the backend.")
    private String label;

    @Option(names = "--metadata", paramLabel = "KEY=VALUE", arity = "1..*",
            description = "Written into the result, such as dtype=bfloat16 tp=1.")
    private List<String> metadata = List.of();

    @Option(names = "--percentile-metrics", paramLabel = "NAMES", defaultValue = "ttft,tpot,itl,e2el,client_queue_time",
            description = "Latencies that are reported. Default: ttft,tpot,itl,e2el,client_queue_time.")
    private String percentileMetrics;

    @Option(names = "--metric-percentiles", paramLabel = "NUMBERS", defaultValue = "50,90,95,99",
            description = "Their percentiles. Default: 50,90,95,99.")
    private String metricPercentiles;

    @Option(names = "--goodput", paramLabel = "NAME:MS", arity = "1..*",
            description = "Counts requests that keep these limits, such as ttft:200 tpot:50 e2el:3000.")
    private List<String> goodput = List.of();

    @Option(names = "--disable-tqdm", description = "Shows no progress.")
    private boolean isQuiet;

    boolean isQuiet() {
        return isQuiet;
    }

    /** The directory of house results; null if none is asked for. */
    Path lines() {
        return saved == null || saved.isEmpty() ? null : Path.of(saved);
    }

    LoadMetrics.Wanted wanted() {
        List<String> names = Arrays.stream(percentileMetrics.split(",")).map(String::strip).toList();
        for (String name : names) {
            if (!LATENCIES.contains(name)) {
                throw new InputException("--percentile-metrics takes " + String.join(",", LATENCIES) + ", not '" + name
                        + "'");
            }
        }
        return new LoadMetrics.Wanted(names, percentiles(), Goodput.parse(goodput));
    }

    private double[] percentiles() {
        String[] texts = metricPercentiles.split(",");
        double[] percentiles = new double[texts.length];
        for (int i = 0; i < texts.length; i++) {
            try {
                percentiles[i] = Double.parseDouble(texts[i].strip());
            } catch (NumberFormatException e) {
                percentiles[i] = Double.NaN;
            }
            if (!(percentiles[i] > 0 && percentiles[i] <= 100)) {
                throw new InputException("--metric-percentiles takes numbers above 0 and up to 100, not '" + texts[i]
                        + "'");
            }
        }
        return percentiles;
    }

    /** What has to be kept of answers for what is asked here. */
    RequestRecord.Kept kept(boolean forLaterTurns, boolean areIds, boolean isCounted) {
        return new RequestRecord.Kept(isDetailed || isCounted || forLaterTurns && !areIds, forLaterTurns && areIds,
                isDetailed);
    }

    Map<String, String> metadata() {
        return LoadTargetOptions.pairs("--metadata", metadata);
    }

    /** Writes the JSON of {@code vllm bench serve}, if it is asked for. */
    void writeJson(Map<String, Object> config, String model, ServeBenchmark.Measured measured) {
        if (!isAppended && !"".equals(saved)) {
            return;
        }
        Map<String, Object> head = new LinkedHashMap<>();
        String date = LocalDateTime.now().format(DATE);
        head.put("date", date);
        head.put("endpoint_type", config.get("backend"));
        head.put("backend", config.get("backend"));
        head.put("label", label);
        head.put("model_id", model);
        head.put("tokenizer_id", model);
        head.putAll(config);
        head.putIfAbsent("max_concurrency", null);
        var json = new ServeJson(head, measured.metrics());
        Path file = file(config, model, date);
        (isDetailed ? json.withDetails(measured.outcome()) : json).write(file, isAppended);
        System.err.println("penstock: the result is in " + file);
    }

    private Path file(Map<String, Object> config, String model, String date) {
        String name = resultFilename;
        if (name == null) {
            Object concurrency = config.get("max_concurrency");
            name = (label == null ? config.get("backend") : label) + "-" + config.get("request_rate") + "qps"
                    + (concurrency == null ? "" : "-concurrency" + concurrency) + "-"
                    + model.substring(model.lastIndexOf('/') + 1) + "-" + date + ".json";
        }
        return resultDir == null ? Path.of(name) : resultDir.resolve(name);
    }
}
