package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.ObjectMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

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
    void oneJsonObject() throws IOException {
        Invocation run = Invocation.of("gpu-check", "--device", "emulator", "--only", "gather_last", "--json");
        assertEquals(0, run.exitCode(), run::err);
        JsonNode report = new ObjectMapper().readTree(run.out());
        assertTrue(report.get("ok").booleanValue());
        assertTrue(report.get("ceilings").isNull());
        assertEquals("gather_last", report.get("validation").get(0).get("operation").textValue());
        assertEquals(1, run.out().lines().count());
    }
}
