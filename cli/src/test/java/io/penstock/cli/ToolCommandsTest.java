package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.Arrays;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** Plan, doctor, pull and debug where nothing is wrong. */
class ToolCommandsTest {
    private static final ObjectMapper JSON = new ObjectMapper();
    private static final Path MODELS = Installation.demoModel().resolve("../../goldens/models").normalize();

    private static String out(String... args) {
        Invocation run = Invocation.of(args);
        assertEquals("", run.err());
        assertEquals(0, run.exitCode());
        return run.out();
    }

    @Test
    void planOfTheEightBillionModel() throws IOException {
        JsonNode plan = JSON.readTree(out("plan", "--shape", "lfm2.5-8b-a1b", "--device-memory", "80GiB", "--json"));
        assertEquals(8_467_856_832L, plan.get("parameters").longValue());
        assertEquals(12_288, plan.get("kv_bytes_per_token").intValue());
        assertEquals(147_456, plan.get("conv_slot_bytes").intValue());
        assertEquals(786_432 + 64 * Integer.BYTES, plan.get("kv_block_bytes").intValue());
        assertEquals(72L << 30, plan.get("budget_bytes").longValue());
        assertEquals(plan.get("limits").get("num_kv_blocks").longValue() * 64, plan.get("kv_tokens").longValue());
        assertEquals(plan.get("limits").get("num_kv_blocks").intValue() / 512,
                plan.get("sequences_at_length").get("32768").intValue());
    }

    @Test
    void planIsATable() {
        String table = out("plan", "--shape", "lfm2.5-8b-a1b", "--gpu", "a100-80", "--max-num-seqs", "64");
        assertTrue(table.contains("weights        15.8 GiB   8,467,856,832 parameters"), table);
        assertTrue(table.contains("64 sequences x 144.0 KiB"), table);
        assertTrue(table.contains("of 64 tokens x 768.3 KiB"), table);
    }

    /** Steps of two halves take memory, where there can be some. */
    @Test
    void planCountsHalves() throws IOException {
        for (int numSeqs : new int[] {256, 4096}) {
            String[] args = {"plan", "--shape", "lfm2.5-8b-a1b", "--gpu", "h200", "--max-num-seqs", "" + numSeqs,
                "--max-model-len", "2048", "--json"};
            long without = JSON.readTree(out(args)).get("workspace_bytes").longValue();
            String[] more = Arrays.copyOf(args, args.length + 1);
            more[args.length] = "--overlap";
            long with = JSON.readTree(out(more)).get("workspace_bytes").longValue();
            assertEquals(numSeqs == 4096, with > without + (1 << 20), numSeqs + ": " + without + ", " + with);
            String[] early = Arrays.copyOf(more, more.length + 1);
            early[more.length] = "--overlap-rows=16";
            assertTrue(JSON.readTree(out(early)).get("workspace_bytes").longValue() > without + (1 << 20));
        }
    }

    @Test
    void planReadsOnlyTheConfiguration() {
        String table = out("plan", "--model", MODELS.resolve("moe-nested").toString(), "--gpu", "rtx4090");
        assertTrue(table.contains("rtx4090 (24.0 GiB)"), table);
    }

    @Test
    void predictionsAreTables() {
        String all = out("bench", "predict", "--device", "h100");
        assertTrue(all.contains("predicted for h100:") && all.contains("| 256 | "), all);
        String step = out("bench", "predict", "--batch", "32", "--context", "2000");
        assertTrue(step.startsWith("Decode of 32 sequences of 2000 tokens, predicted for h200:"), step);
        assertTrue(step.contains("| attention | attention_decode_wgmma_bf16 | 6 | "), step);
    }

    @Test
    void simulationHasTheKeysOfThePeers() throws IOException {
        String[] args = {"bench", "simulate", "--scenario", "skewed_mix", "--device", "l40s", "--seqs", "16",
            "--num-prompts", "40", "--seed", "3", "--swap-gib", "1", "--sync", "--json"};
        JsonNode found = JSON.readTree(out(args));
        assertEquals(40, found.get("completed").intValue());
        assertEquals("l40s", found.get("device").textValue());
        assertTrue(found.get("output_throughput").doubleValue() < found.get("ideal_output_throughput").doubleValue());
        assertTrue(found.get("p99_ttft_ms").doubleValue() > found.get("median_ttft_ms").doubleValue());
        assertEquals(1365, found.get("limits").get("num_swap_blocks").intValue());
        assertEquals(found, JSON.readTree(out(args)));
    }

    @Test
    void simulationIsATable() {
        String table = out("bench", "simulate", "--scenario", "uniform_512", "--seqs", "8", "--preset", "latency");
        assertTrue(table.startsWith("lfm2.5-8b-a1b on h200, uniform_512, seed 0: 32 of 32 requests"), table);
        assertTrue(table.contains("preemptions: 0 by swap"), table);
        assertTrue(out("bench", "simulate", "--list").startsWith("uniform_512 "), table);
    }

    @Test
    void doctorFindsNothing() {
        String report = out("doctor");
        assertTrue(report.contains("checkpoint   sound") && report.contains("Nothing is wrong."), report);
        assertTrue(report.contains("java         " + Runtime.version()), report);
        assertTrue(report.contains("\ngpu          none, the CPU is used: ") || report.contains("\ngpu          0: "),
                report);
        assertFalse(report.contains("UnsatisfiedLinkError") || report.contains("\tat "), report);
    }

    @Test
    void pullFindsWhatTheCacheHas() throws IOException {
        String commit = "0123456789abcdef0123456789abcdef01234567";
        Path repository = Path.of(System.getenv("HF_HUB_CACHE"), "models--penstock--demo");
        Path snapshot = repository.resolve("snapshots").resolve(commit);
        Files.createDirectories(snapshot);
        Files.createDirectories(repository.resolve("refs"));
        Files.writeString(repository.resolve("refs/main"), commit);
        try (var files = Files.list(Installation.demoModel())) {
            for (Path file : files.toList()) {
                Path copy = snapshot.resolve(file.getFileName());
                Files.deleteIfExists(copy);
                Files.copy(file, copy);
            }
        }
        assertEquals(snapshot + "\n", out("pull", "penstock/demo"));
        assertEquals("Hello! How can I help you?\n",
                out("generate", "Hello", "--model", "penstock/demo@main", "--temperature", "0"));
    }

    @ParameterizedTest
    @ValueSource(strings = {"moe-nested", "moe-legacy", "dense-adjusted"})
    void logitsContinueLikeTheReference(String name) throws IOException {
        JsonNode cases = JSON.readTree(MODELS.resolve(name).resolve("cases.json").toFile()).get("cases");
        for (int i : new int[] {0, 4, 7}) {
            JsonNode expected = cases.get(i);
            List<String> ids = new ArrayList<>();
            expected.get("prompt").forEach(id -> ids.add(id.asText()));
            JsonNode found = JSON.readTree(out("debug", "logits", "--model", MODELS.resolve(name).toString(),
                    "--tokens", String.join(",", ids), "--max-tokens", "24",
                    "--max-num-batched-tokens", "50", "--json"));
            assertEquals(expected.get("greedy"), found.get("greedy"));
            JsonNode top = found.get("top");
            assertEquals(expected.get("greedy").get(0), top.get(0).get("id"));
            assertEquals(expected.get("margins").get(0).doubleValue(),
                    top.get(0).get("logit").doubleValue() - top.get(1).get("logit").doubleValue(), 1e-3);
            assertEquals(found.get("logits").get(top.get(0).get("id").intValue()), top.get(0).get("logit"));
            assertTrue(top.get(0).get("token").isNull());
        }
    }

    @Test
    void logitsAreReadable() {
        String text = out("debug", "logits", "--tokens", "4043,19", "--max-tokens", "2", "--dtype", "bfloat16");
        assertEquals(14, text.lines().count(), text);
        assertTrue(text.contains("greedy ["), text);
    }
}
