package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import io.penstock.bench.gpucheck.CheckOptions;
import io.penstock.bench.gpucheck.CheckTarget;
import io.penstock.emulator.EmulatorDevice;
import io.penstock.emulator.EmulatorOptions;
import io.penstock.runtime.check.MismatchException;
import java.io.ByteArrayOutputStream;
import java.io.IOException;
import java.io.PrintStream;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

/** {@code penstock gpu-check} on the emulator. */
class GpuCheckTest {
    @TempDir
    private Path folder;

    @Test
    void countsOnTheEmulator() throws IOException {
        Path results = folder.resolve("new/check.jsonl");
        Invocation run = Invocation.of("gpu-check", "--device", "emulator", "--only", "add,embed", "--seed", "5",
                "--results", results.toString());
        assertEquals(0, run.exitCode(), run::err);
        assertTrue(run.out().contains("--seed 5"), run::out);
        assertTrue(run.out().contains("add                  right, the same bits in 6 cases"), run::out);
        assertTrue(run.out().contains("bytes/floor"), run::out);
        List<String> lines = Files.readAllLines(results);
        assertEquals(4, lines.size());
        JsonNode add = new ObjectMapper().readTree(lines.getLast());
        assertEquals("add 67 x 256", add.get("case").textValue());
        assertEquals("Penstock emulator", add.get("device").textValue());
        assertEquals(1, add.get("metrics").get("bytesToFloor").doubleValue(), 0.05);
        assertEquals("./penstock gpu-check --device emulator --seed 5 --only add,embed",
                add.get("command").textValue());
    }

    @Test
    void whatIsOneLaunchOn90IsMeasuredElsewhereToo() {
        Invocation run = Invocation.of(
                "gpu-check", "--device", "emulator", "--only", "qkv_norm_rope_store", "--quick", "--no-results");
        assertEquals(0, run.exitCode(), run::err);
        assertTrue(run.out().contains("qkv_norm_rope_store  right, the same bits"), run::out);
    }

    @Test
    void oneJsonObject() throws IOException {
        Invocation run = Invocation.of("gpu-check", "--device", "emulator", "--only", "gather_last", "--json");
        assertEquals(0, run.exitCode(), run::err);
        JsonNode report = new ObjectMapper().readTree(run.out());
        assertTrue(report.get("ok").booleanValue());
        assertTrue(report.get("ceilings").isNull());
        assertEquals("gather_last", report.get("validation").get(0).get("operation").textValue());
        assertEquals(1, run.out().lines().count());
    }

    @Test
    void tuningStoresATable() throws IOException {
        Path tiles = folder.resolve("tiles");
        Invocation run = Invocation.of(
                "gpu-check", "--device", "emulator:sm_90", "--tune", "--tiles", tiles.toString());
        assertEquals(0, run.exitCode(), run::err);
        Path file = tiles.resolve("penstock-emulator.json");
        assertTrue(run.out().startsWith("stored how 10 products are cut on Penstock emulator: " + file), run::out);
        JsonNode table = new ObjectMapper().readTree(Files.readAllBytes(file));
        assertEquals(10, table.get("choices").size());
        Invocation other = Invocation.of("gpu-check", "--device", "emulator", "--tune", "--tiles", tiles.toString());
        assertEquals(1, other.exitCode());
        assertTrue(other.err().startsWith("penstock: --tune chooses between kernels for compute capability 9.0"),
                other::err);
        assertEquals(2, Invocation.of("gpu-check", "--device", "emulator", "--tiles", "x").exitCode());
    }

    @ParameterizedTest
    @ValueSource(strings = {"emulator", "emulator:sm_90"})
    void wholeEnginesOnTheEmulator(String device) throws IOException {
        Path results = folder.resolve("engines.jsonl");
        Invocation run = Invocation.of("gpu-check", "--device", device, "--only", "end_to_end", "--requests", "2",
                "--seed", "3", "--results", results.toString());
        assertEquals(0, run.exitCode(), run::err);
        assertTrue(run.out().contains("end_to_end penstock-demo right, "), run::out);
        assertTrue(run.out().contains("of 2 requests ended"), run::out);
        List<String> lines = Files.readAllLines(results);
        assertEquals(device.endsWith("90") ? 4 : 3, lines.size(), "kernels begin early on 9.0");
        JsonNode endToEnd = new ObjectMapper().readTree(lines.getFirst());
        assertEquals("end_to_end penstock-demo", endToEnd.get("case").textValue());
        assertEquals(0, endToEnd.get("metrics").get("wrongPrompts").intValue());
        assertTrue(endToEnd.get("metrics").get("equalTokens").intValue() > 0);
        assertEquals("./penstock gpu-check --device " + device + " --seed 3 --only end_to_end --requests 2",
                endToEnd.get("command").textValue());
    }

    @Test
    void aWrongOperationIsAFailure() {
        CheckTarget wrong = CheckTarget.counted(new EmulatorDevice(EmulatorOptions.failing()), (config, limits) -> {
            throw new MismatchException("add [1, 5]: expected 1.0, was 2.0");
        }, Map::of);
        PrintStream realOut = System.out;
        PrintStream realErr = System.err;
        var out = new ByteArrayOutputStream();
        var err = new ByteArrayOutputStream();
        try {
            System.setOut(new PrintStream(out, true, StandardCharsets.UTF_8));
            System.setErr(new PrintStream(err, true, StandardCharsets.UTF_8));
            assertEquals(1, new GpuCheckCommand().check(wrong, new CheckOptions(List.of("add"), 1, true), null));
        } finally {
            System.setOut(realOut);
            System.setErr(realErr);
        }
        assertEquals("penstock: wrong on this device: add: 1 x 8: add [1, 5]: expected 1.0, was 2.0"
                + System.lineSeparator(), err.toString(StandardCharsets.UTF_8));
        assertTrue(out.toString(StandardCharsets.UTF_8).contains("WRONG in 6 of 6 cases"), out::toString);
    }
}
