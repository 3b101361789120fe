package io.penstock.batch.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.penstock.batch.BatchRecord;
import io.penstock.batch.BatchSource;
import io.penstock.batch.RecordKey;
import io.penstock.batch.parquet.ParquetColumns;
import io.penstock.batch.parquet.ParquetCompression;
import io.penstock.batch.parquet.ParquetInput;
import io.penstock.batch.parquet.ParquetSink;
import io.penstock.serving.generation.GenerationRequest;
import io.penstock.serving.model.Preset;
import io.penstock.serving.model.ServingConfig;
import io.penstock.serving.offline.GenerationResult;
import io.penstock.serving.offline.GenerationResults;
import io.penstock.serving.offline.Penstock;
import io.penstock.serving.openai.SamplingRequest;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.TreeMap;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterAll;
import org.junit.jupiter.api.BeforeAll;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** A cluster of two executors, each a process of its own, with the shaded jar on Spark's own jars. */
class ClusterIT {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final String MODEL = Path.of("../models/penstock-demo").toAbsolutePath().normalize().toString();
    private static final int NULL_ROW = 5;
    private static final String ANSWER = "{\"custom_id\":\"Größe\",\"response\":{\"status_code\":200,\"body\":"
            + "{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\",\"content\":\"blau\"},"
            + "\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":3,\"completion_tokens\":2}}},\"error\":null}";

    /** The GPUs of the first worker that asks, those of the second, and an error for who else may. */
    private static final String TWO_GPUS_EACH = """
            PATH=/usr/bin:/bin
            cd "$(dirname "$0")"
            if mkdir first 2>/dev/null; then printf '90\\n91\\n'
            elif mkdir second 2>/dev/null; then printf '92\\n93\\n'
            else exit 1
            fi""";

    @TempDir
    private static Path directory;
    private static final Map<String, List<JsonNode>> SEEN = new HashMap<>();
    private static Penstock penstock;

    @BeforeAll
    static void runScenario() throws IOException, InterruptedException {
        Path metrics = Files.createDirectories(directory.resolve("metrics"));
        Path lines = Files.writeString(directory.resolve("batch.lines"), ANSWER + "\n");
        new ParquetSink(ParquetCompression.ZSTD).commit(lines, directory.resolve("batch.parquet"));
        Path output = directory.resolve("seen.jsonl");
        String sink = "spark.metrics.conf.executor.sink.csv.";
        var spark = new SparkInstallation(directory);
        Path discoveryScript = FakeGpus.discoveryScript(directory, TWO_GPUS_EACH);
        int exitCode = spark.submit(List.of("--master", "local-cluster[2,5,2048]",
                "--conf", "spark.worker.resource.gpu.amount=2",
                "--conf", "spark.worker.resource.gpu.discoveryScript=" + discoveryScript,
                "--conf", "spark.executor.cores=2", "--conf", "spark.executor.resource.gpu.amount=1",
                "--conf", "spark.task.resource.gpu.amount=0.5", "--conf", "spark.dynamicAllocation.enabled=true",
                "--conf", "spark.dynamicAllocation.minExecutors=2", "--conf", "spark.dynamicAllocation.maxExecutors=2",
                "--conf", sink + "class=org.apache.spark.metrics.sink.CsvSink", "--conf", sink + "period=1",
                "--conf", sink + "unit=seconds", "--conf", sink + "directory=" + metrics,
                "--jars", System.getProperty("penstock.jar"), "--class", ClusterScenario.class.getName(),
                System.getProperty("penstock.scenarios"), MODEL, directory.toString(), output.toString()));
        assertEquals(0, exitCode, spark::said);
        for (String line : Files.readAllLines(output)) {
            JsonNode seen = MAPPER.readTree(line);
            SEEN.computeIfAbsent(seen.get("what").textValue(), _ -> new ArrayList<>()).add(seen.get("value"));
        }
        penstock = Penstock.open(MODEL, ServingConfig.of(Preset.THROUGHPUT));
    }

    @AfterAll
    static void close() {
        if (penstock != null) {
            penstock.close();
        }
    }

    /** What the offline API answers, by the rows' ids. */
    private static Map<Integer, String> expected(SamplingRequest sampling, int numRows) {
        List<GenerationRequest> requests = new ArrayList<>();
        for (int i = 0; i < numRows; i++) {
            requests.add(GenerationRequest.chat(ClusterScenario.PROMPT.formatted(i))
                    .withSampling(sampling.withSeed(RecordKey.of(Integer.toString(i)).seed(0))));
        }
        Map<Integer, String> texts = new TreeMap<>();
        try (GenerationResults results = penstock.generate(requests)) {
            while (results.hasNext()) {
                GenerationResult result = results.next();
                texts.put((int) result.index(), result.choice().text());
            }
        }
        texts.put(NULL_ROW, null);
        return texts;
    }

    private static void assertAnswers(SamplingRequest sampling, List<JsonNode> rows, int numRows) {
        Map<Integer, String> texts = new TreeMap<>();
        for (JsonNode row : rows) {
            texts.put(row.get("id").intValue(), row.path("text").textValue());
        }
        assertEquals(numRows, rows.size());
        assertEquals(expected(sampling, numRows), texts);
    }

    @Test
    void answersAreThoseOfTheOfflineApi() {
        List<JsonNode> rows = SEEN.get("answer");
        assertAnswers(penstock.sampling().withMaxTokens(ClusterScenario.MAX_TOKENS), rows, ClusterScenario.NUM_ROWS);
        for (JsonNode row : rows) {
            if (row.get("id").intValue() == NULL_ROW) {
                assertEquals("column q is null", row.get("error").textValue());
            } else {
                assertTrue(row.get("usage").get("prompt_tokens").intValue() > 5, row::toString);
                assertTrue(row.get("error") == null, row::toString);
            }
        }
    }

    @Test
    void eachExecutorHasOneEngine() {
        Set<Long> processes = new HashSet<>();
        for (JsonNode executor : SEEN.get("census")) {
            assertEquals(1, executor.get("engines").intValue(), executor::toString);
            processes.add(executor.get("pid").longValue());
        }
        assertEquals(2, processes.size());
    }

    /** By executor. */
    private static Map<String, String> gpus(List<JsonNode> executors) {
        Map<String, String> gpus = new HashMap<>();
        for (JsonNode executor : executors) {
            String gpu = executor.get("gpu").textValue();
            String before = gpus.put(executor.get("executor").textValue(), gpu);
            assertTrue(before == null || before.equals(gpu), executors::toString);
        }
        return gpus;
    }

    private static List<JsonNode> tasksOfProfile() {
        return SEEN.get("gpu answer").stream().map(row -> row.get("task")).toList();
    }

    /** Those that the cluster's configuration gives GPUs, and those of the profile. */
    @Test
    void eachExecutorHasAGpuOfItsOwnAndItsTasksHaveThat() {
        Map<String, String> gpus = gpus(tasksOfProfile());
        assertEquals(GpuScenario.NUM_EXECUTORS, gpus.size());
        Map<String, String> others = gpus(SEEN.get("census"));
        assertEquals(2, others.size());
        Set<String> all = new HashSet<>(gpus.values());
        all.addAll(others.values());
        assertEquals(Set.of("90", "91", "92", "93"), all);
        gpus.keySet().retainAll(others.keySet());
        assertEquals(Set.of(), gpus.keySet(), "executors of the profile are others");
        assertTrue(SEEN.get("profile of the input").getFirst().get("isNone").booleanValue());
    }

    @Test
    void anExecutorOfAProfileHasOneEngineAndAsManyTasksAsItsProfileSays() {
        Map<Long, Integer> mostTasks = new HashMap<>();
        for (JsonNode task : tasksOfProfile()) {
            assertEquals(1, task.get("engines").intValue(), task::toString);
            assertEquals(Math.min(GpuScenario.TASKS_PER_GPU, Runtime.getRuntime().availableProcessors()),
                    task.get("cores").intValue());
            mostTasks.merge(task.get("pid").longValue(), task.get("mostTasks").intValue(), Math::max);
        }
        assertEquals(GpuScenario.NUM_EXECUTORS, mostTasks.size());
        assertEquals(Set.of(GpuScenario.TASKS_PER_GPU), Set.copyOf(mostTasks.values()));
        assertAnswers(penstock.sampling().withMaxTokens(GpuScenario.MAX_TOKENS), SEEN.get("gpu answer"),
                GpuScenario.NUM_ROWS);
    }

    @Test
    void theCommandRunsOnExecutorsOfAProfile() throws IOException {
        assertTrue(SEEN.get("command").getFirst().get("onProfile").booleanValue());
        try (BatchSource source = new ParquetInput(directory.resolve("command.parquet"), ParquetColumns.ALL).open()) {
            int numRows = 0;
            for (BatchRecord record = source.next(); record != null; record = source.next()) {
                assertTrue(MAPPER.readTree(record.json()).hasNonNull("again_finish_reason"));
                numRows++;
            }
            assertEquals(GpuScenario.NUM_ROWS, numRows);
        }
    }

    /** No machine has so many: a task says which one Spark gave it. */
    @Test
    void tasksOpenTheGpuOfTheirExecutor() {
        String error = SEEN.get("no gpu").getFirst().get("error").textValue();
        Matcher lost = Pattern.compile("executor (\\w+)\\): \\S*InputException: GPU (\\d+): there is no ")
                .matcher(error);
        assertTrue(lost.find(), error);
        assertEquals(gpus(tasksOfProfile()).get(lost.group(1)), lost.group(2), error);
    }

    @Test
    void aKilledExecutorsRowsAreAnsweredAgain() {
        assertTrue(SEEN.get("killed").getFirst().get("lostTasks").intValue() > 0, "it was killed too late");
        SamplingRequest sampling = penstock.sampling();
        SamplingRequest.Stop stop = sampling.stop();
        assertAnswers(sampling.withStop(new SamplingRequest.Stop(ClusterScenario.LONG_TOKENS, false, 0,
                stop.stopTokenIds(), stop.stopStrings(), true, false)), SEEN.get("redone"),
                ClusterScenario.NUM_ROWS);
        for (JsonNode executor : SEEN.get("census after")) {
            assertTrue(executor.get("engines").intValue() <= 1, executor::toString);
        }
    }

    @Test
    void metricsGoThroughSparksSinks() throws IOException {
        List<Path> files;
        try (Stream<Path> all = Files.list(directory.resolve("metrics"))) {
            files = all.filter(file -> file.toString().contains("." + EngineSource.NAME + ".")).toList();
        }
        long loaded = 0;
        long tokens = 0;
        for (Path file : files) {
            long last = Files.readAllLines(file).stream().skip(1)
                    .mapToLong(line -> Long.parseLong(line.substring(line.indexOf(',') + 1))).max().orElse(0);
            if (file.toString().endsWith("engines_loaded_total.csv")) {
                assertEquals(1, last, file::toString);
                loaded += last;
            } else if (file.toString().endsWith("generation_tokens.csv")) {
                tokens += last;
            }
        }
        assertTrue(loaded >= 2, files::toString);
        assertTrue(tokens >= ClusterScenario.NUM_ROWS, files::toString);
    }

    @Test
    void parquetGoesBothWays() throws IOException {
        JsonNode row = SEEN.get("parquet").getFirst();
        assertEquals("Größe", row.get("custom_id").textValue());
        assertEquals("blau", row.get("text").textValue());
        assertEquals(3, row.get("prompt_tokens").intValue());
        Map<String, JsonNode> answers = new HashMap<>();
        SEEN.get("answer").forEach(answer -> answers.put(answer.get("id").asText(), answer));
        try (BatchSource source = new ParquetInput(directory.resolve("answers.parquet"), ParquetColumns.ALL).open()) {
            int numRows = 0;
            for (BatchRecord record = source.next(); record != null; record = source.next()) {
                JsonNode read = MAPPER.readTree(record.json());
                assertEquals(answers.get(read.get("id").asText()), read);
                numRows++;
            }
            assertEquals(ClusterScenario.NUM_ROWS, numRows);
        }
    }
}
