package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.bench.loadgen.canned.CannedOptions;
import io.penstock.bench.loadgen.canned.CannedServer;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** {@code bench serve}, {@code sweep} and {@code compare} against a server that only replays. */
class BenchServeTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final List<String> VLLM_KEYS = List.of("date", "backend", "model_id", "num_prompts", "request_rate",
            "burstiness", "max_concurrency", "duration", "completed", "failed", "total_input_tokens",
            "total_output_tokens", "request_throughput", "output_throughput", "total_token_throughput", "mean_ttft_ms",
            "median_ttft_ms", "std_ttft_ms", "p99_ttft_ms", "mean_tpot_ms", "mean_itl_ms", "p99_e2el_ms",
            "max_output_tokens_per_s", "request_goodput", "input_lens", "output_lens", "ttfts", "itls", "errors",
            "version", "tp");

    @TempDir
    private Path folder;

    private static CannedServer server(CannedOptions.Fault fault) {
        return CannedServer.start(CannedOptions.of(8, 2_000_000, 1_000_000).with(fault), 0, 1, false);
    }

    private static Invocation bench(String command, CannedServer server, String... more) {
        List<String> arguments = new ArrayList<>(List.of("bench", command, "--base-url", server.baseUrl(),
                "--gpu", "none"));
        arguments.addAll(List.of("--tokenizer", Installation.demoModel().toString()));
        arguments.addAll(List.of(more));
        return Invocation.of(arguments.toArray(String[]::new));
    }

    @Test
    void printsWhatVllmPrintsAndKeepsBothForms() throws IOException {
        try (CannedServer server = server(CannedOptions.Fault.NONE)) {
            Invocation run = bench("serve", server, "--num-prompts", "20", "--random-input-len", "16",
                    "--random-output-len", "4", "--request-rate", "200", "--max-concurrency", "8", "--num-warmups", "2",
                    "--goodput", "ttft:10000", "e2el:20000", "--save-result", "--save-detailed", "--result-dir",
                    folder.toString(), "--result-filename", "r.json", "--metadata", "version=1", "tp=2", "--api-key",
                    "secret");
            assertEquals(0, run.exitCode(), run::err);
            assertTrue(run.out().contains("============ Serving Benchmark Result ============\n"
                    + "Successful requests:                     20        \n"), run::out);
            assertTrue(run.out().contains("\n---------------Time to First Token----------------\n"), run::out);
            assertTrue(run.out().contains("Request goodput (req/s):"), run::out);
        }
        JsonNode json = JSON.readTree(folder.resolve("r.json").toFile());
        for (String key : VLLM_KEYS) {
            assertTrue(json.has(key), key);
        }
        assertEquals(80, json.get("total_output_tokens").intValue());
        assertEquals(20, json.get("ttfts").size());
        assertEquals(3, json.get("itls").get(0).size());
        assertFalse(json.toString().contains("secret"));
    }

    @Test
    void aSweepGoesOnWhereItWasAndCompares() throws IOException {
        String[] options = {"--concurrency", "1,2", "--lengths", "8:4,16:2", "--save-result", folder.toString()};
        try (CannedServer server = server(CannedOptions.Fault.NONE)) {
            assertEquals(0, bench("sweep", server, options).exitCode());
            Path file = folder.resolve("serve.jsonl");
            List<String> lines = Files.readAllLines(file);
            assertEquals(4, lines.size());
            assertEquals("random-8-4-c1", JSON.readTree(lines.getFirst()).get("case").textValue());
            assertFalse(lines.getFirst().contains(folder.toString()), "where it went is no part of the command");
            Files.write(file, lines.subList(0, 3));
            Invocation again = bench("sweep", server, options);
            assertEquals(3, again.out().lines().filter(line -> line.endsWith("is there")).count(), again::out);
            assertEquals(4, Files.readAllLines(file).size());
            Path worse = folder.resolve("worse.jsonl");
            Files.writeString(worse, Files.readString(file).replaceAll("\"p99_ttft_ms\":[0-9.]+",
                    "\"p99_ttft_ms\":100000"));
            Invocation same = Invocation.of("bench", "compare", file.toString(), file.toString(), "--threshold", "1");
            assertEquals(0, same.exitCode(), same::err);
            Invocation slower = Invocation.of("bench", "compare", file.toString(), worse.toString(), "--threshold",
                    "5", "--metric", "p99_ttft_ms");
            assertEquals(1, slower.exitCode());
            assertTrue(slower.err().contains("4 of 4 figures are worse"), slower::err);
        }
    }

    @ParameterizedTest
    @CsvSource({"UNAUTHORIZED, give --api-key", "NO_MODEL, --model to one of canned", "UNAVAILABLE, draining",
        "CLOSES, the server closed"})
    void aServerThatRefusesIsSaidInOneLine(CannedOptions.Fault fault, String says) {
        try (CannedServer server = server(fault)) {
            Invocation run = bench("serve", server, "--num-prompts", "4", "--random-output-len", "4");
            assertEquals(1, run.exitCode());
            List<String> lines = run.err().lines().toList();
            assertEquals(1, lines.size(), run::err);
            assertTrue(lines.getFirst().contains(says), run::err);
        }
    }

    @Test
    void aServerThatIsNotThereIsSaidInOneLine() {
        CannedServer gone = server(CannedOptions.Fault.NONE);
        gone.close();
        for (String model : List.of("", "canned")) {
            Invocation run = model.isEmpty() ? bench("serve", gone) : bench("serve", gone, "--model", model);
            assertEquals(1, run.exitCode());
            assertEquals(1, run.err().lines().count(), run::err);
            assertTrue(run.err().contains("correct --base-url"), run::err);
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {"--dataset-name alpaca|--dataset-name must be",
        "--dataset-name custom|give --dataset-path", "--dataset-path x|has no file",
        "--dataset-name custom --dataset-path /none/x.jsonl|there is no file /none/x.jsonl",
        "--request-rate 0|must be above 0", "--request-rate fast|neither a number nor inf",
        "--max-concurrency 0|between 1 and", "--goodput ttft|NAME:MILLISECONDS",
        "--ramp-up-strategy linear|go together", "--metric-percentiles 0|above 0", "--percentile-metrics x|takes ttft",
        "--extra-body [1]|must be a JSON object", "--backend tgi|--backend must be", "--metadata x|KEY=VALUE",
        "--random-range-ratio 1|below 1", "--num-prompts 0|between 1 and"})
    void wrongOptionsAreNamed(String options, String says) {
        try (CannedServer server = server(CannedOptions.Fault.NONE)) {
            Invocation run = bench("serve", server, options.split(" "));
            assertTrue(run.exitCode() > 0);
            assertEquals(1, run.err().lines().count(), run::err);
            assertTrue(run.err().contains(says), run::err);
        }
    }

    @Test
    void whatIsNoResultIsNotCompared() throws IOException {
        Path file = Files.writeString(folder.resolve("x.jsonl"), "hello\n");
        Invocation run = Invocation.of("bench", "compare", file.toString(), file.toString());
        assertEquals(1, run.exitCode());
        assertTrue(run.err().contains("has no results: give a file of bench/results"), run::err);
        assertTrue(Invocation.of("bench", "compare", "/none", "/none").err().contains("/none does not exist"));
    }
}
