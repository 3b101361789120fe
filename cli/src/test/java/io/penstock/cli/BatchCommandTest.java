package io.penstock.cli;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.penstock.batch.BatchRecord;
import io.penstock.batch.BatchSource;
import io.penstock.batch.parquet.ParquetColumns;
import io.penstock.batch.parquet.ParquetInput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import java.util.Random;
import java.util.concurrent.TimeUnit;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** {@code penstock batch} with the demo model, as a user runs it, and as a machine that fails does. */
class BatchCommandTest {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final Path DEMO_DATA = Path.of("..", "demo-data");

    @TempDir
    private Path folder;

    private Invocation batch(Path input, Path output, String... options) {
        String[] args = new String[options.length + 7];
        System.arraycopy(new String[] {"batch", "-i", input.toString(), "-o", output.toString(), "--device", "cpu"}, 0,
                args, 0, 7);
        System.arraycopy(options, 0, args, 7, options.length);
        return Invocation.of(args);
    }

    private static List<String> sorted(Path file) throws IOException {
        return Files.readAllLines(file).stream().sorted().toList();
    }

    private Path write(String name, String text) throws IOException {
        return Files.writeString(folder.resolve(name), text);
    }

    @Test
    void theSentimentsAreRight() throws IOException {
        Map<String, String> labels = new HashMap<>();
        for (String line : Files.readAllLines(DEMO_DATA.resolve("sentiment-labels.jsonl"))) {
            JsonNode label = MAPPER.readTree(line);
            labels.put(label.path("custom_id").asText(), label.path("label").asText());
        }
        Path output = folder.resolve("out.jsonl");
        Invocation first = batch(DEMO_DATA.resolve("sentiment-batch.jsonl"), output);
        assertEquals(0, first.exitCode(), first::err);
        assertTrue(first.err().contains("done: 200 lines in"), first::err);
        for (String line : Files.readAllLines(output)) {
            JsonNode result = MAPPER.readTree(line);
            String id = result.path("custom_id").asText();
            assertEquals(labels.remove(id), result.at("/response/body/choices/0/message/content").asText(), id);
        }
        assertTrue(labels.isEmpty(), labels::toString);
        Invocation again = batch(DEMO_DATA.resolve("sentiment-batch.jsonl"), output);
        assertEquals(0, again.exitCode(), again::err);
        assertTrue(again.err().contains("is there, from an earlier run: 200 lines, 0 failed"), again::err);
        Invocation other = batch(DEMO_DATA.resolve("sentiment-batch.jsonl"), output, "--max-tokens", "3");
        assertEquals(1, other.exitCode());
        assertTrue(other.err().contains("sampling is not what it was"), other::err);
    }

    @Test
    void linesThatFailStandApart() throws IOException {
        Path input = write("in.jsonl", "\uFEFF{\"text\": \"a <cup>\", \"n\": {\"x\": 3}}\r\n\n[1]\n{\"n\": 1}\n");
        Path output = folder.resolve("out.jsonl");
        Path errors = folder.resolve("errors.jsonl");
        Invocation run = batch(input, output, "--error-file", errors.toString(), "--template", "Name {text} {n.x}.",
                "--max-tokens", "4", "--progress", "json");
        assertEquals(3, run.exitCode(), run::err);
        List<String> results = Files.readAllLines(output);
        assertEquals(1, results.size());
        assertTrue(results.getFirst().contains("\"custom_id\":\"line-1\""), results.getFirst());
        String failed = Files.readString(errors);
        assertTrue(failed.contains("must be a JSON object\",\"line\":3") && failed.contains("wants the field 'text'"),
                failed);
        assertTrue(run.err().contains("{\"event\":\"done\",\"done\":3,\"failed\":2,\"total\":3"), run::err);
    }

    @Test
    void partsTogetherAreTheWhole() throws IOException {
        var text = new StringBuilder();
        for (int i = 0; i < 12; i++) {
            text.append("{\"custom_id\": \"").append(i % 9).append("\", \"prompt\": \"Hello\", \"temperature\": 1,"
                    + " \"max_tokens\": 3}\n");
        }
        Path input = write("in.jsonl", text.append("bad\n").toString());
        batch(input, folder.resolve("whole.jsonl"));
        var parts = new ArrayList<String>();
        for (int shard = 0; shard < 3; shard++) {
            assertEquals(0, batch(input, folder.resolve("part.jsonl"), "--shard", shard + "/3").exitCode() % 3);
            parts.addAll(Files.readAllLines(folder.resolve("part-0000" + shard + "-of-00003.jsonl")));
        }
        assertEquals(sorted(folder.resolve("whole.jsonl")), parts.stream().sorted().toList());
    }

    @Test
    void mistakesAreOneLine() throws IOException {
        Path input = write("in.jsonl", "{\"prompt\": \"a\"}\n");
        Path there = write("there.jsonl", "mine\n");
        assertTrue(batch(folder.resolve("none.jsonl"), folder.resolve("o")).err().contains("does not exist"));
        assertTrue(batch(input, there).err().contains("there.jsonl is there already"));
        assertEquals("mine\n", Files.readString(there));
        assertTrue(batch(input, folder.resolve("no/o")).err().contains("there is no folder"));
        assertTrue(batch(input, folder.resolve("o"), "--template", "{").err().contains("--template has a {"));
        assertTrue(batch(input, folder.resolve("o"), "--shard", "3/3").err().contains("--shard is '3/3'"));
        assertTrue(batch(input, folder.resolve("o"), "--force", "--restart").err().contains("give one"));
        assertEquals(2, batch(input, folder.resolve("o"), "--stall-timeout", "0").exitCode());
        assertTrue(batch(input, folder.resolve("o"), "--workers", "gpu1").err().contains("'gpu1' is no worker"));
    }

    private Process start(Path input, Path output, String... options) throws IOException {
        List<String> command = ServeProcess.java(List.of(), Penstock.class);
        command.addAll(List.of("batch", "-i", input.toString(), "-o", output.toString(), "--device", "cpu",
                "--progress", "none"));
        command.addAll(List.of(options));
        return new ProcessBuilder(command).redirectErrorStream(true)
                .redirectOutput(folder.resolve("said").toFile()).start();
    }

    private static Path beside(Path file, String suffix) {
        return file.resolveSibling(file.getFileName() + suffix);
    }

    /** {@code -Dpenstock.kills=N} kills N times instead of twice. */
    @Test
    void killedProcessesLoseNothing() throws Exception {
        var random = new Random(Long.getLong("penstock.firstSeed", System.nanoTime()));
        var text = new StringBuilder();
        for (int i = 0; i < 24; i++) {
            text.append("{\"prompt\": \"Tell ").append(i).append("\", \"max_tokens\": ").append(20 + i * 2)
                    .append(", \"ignore_eos\": true}\n");
        }
        Path input = write("in.jsonl", text.toString());
        Path calm = folder.resolve("calm.jsonl");
        long startNs = System.nanoTime();
        Process whole = start(input, calm, "--max-num-seqs", "4");
        assertTrue(whole.waitFor(120, TimeUnit.SECONDS));
        assertEquals(0, whole.exitValue(), () -> read(folder.resolve("said")));
        long wholeMs = TimeUnit.NANOSECONDS.toMillis(System.nanoTime() - startNs);
        int numLeft = Integer.getInteger("penstock.kills", 2);
        int job = 0;
        while (numLeft > 0) {
            Path output = folder.resolve("out" + job++ + ".jsonl");
            Path part = beside(output, ".part");
            boolean isDone = false;
            while (!isDone) {
                Process process = start(input, output, "--max-num-seqs", "4");
                boolean isKilled = numLeft > 0 && !process.waitFor(random.nextLong(wholeMs), TimeUnit.MILLISECONDS);
                if (isKilled) {
                    process.destroyForcibly();
                    numLeft--;
                }
                isDone = process.waitFor() == 0;
                assertFalse(!isDone && process.exitValue() < 128, () -> read(folder.resolve("said")));
                if (!isDone && random.nextBoolean() && Files.exists(part)) {
                    Files.write(part, new byte[random.nextInt(1, 600)], StandardOpenOption.APPEND);
                }
            }
            assertEquals(sorted(calm), sorted(output));
        }
    }

    private static List<String> rows(Path parquet) throws IOException {
        List<String> rows = new ArrayList<>();
        try (BatchSource source = new ParquetInput(parquet, ParquetColumns.ALL).open()) {
            for (BatchRecord row = source.next(); row != null; row = source.next()) {
                rows.add(new String(row.json(), StandardCharsets.UTF_8));
            }
        }
        return rows.stream().sorted().toList();
    }

    @Test
    void aJobFromParquetToParquetGoesOnAfterAKill() throws Exception {
        var text = new StringBuilder();
        for (int i = 0; i < 40; i++) {
            text.append("{\"prompt\": \"Tell ").append(i).append("\", \"max_tokens\": 4}\n");
        }
        Path table = folder.resolve("table.parquet");
        assertEquals(0, batch(write("in.jsonl", text.toString()), table).exitCode());
        String[] options = {"--template", "Say {custom_id} again", "--id-field", "custom_id", "--max-tokens", "30",
            "--max-num-seqs", "4"};
        Path calm = folder.resolve("calm.parquet");
        assertEquals(0, batch(table, calm, options).exitCode());
        Path output = folder.resolve("out.parquet");
        Path part = beside(output, ".part");
        Process process = start(table, output, options);
        while (process.isAlive() && !(Files.exists(part) && Files.size(part) > 2_000)) {
            TimeUnit.MILLISECONDS.sleep(5);
        }
        assertTrue(process.isAlive(), () -> read(folder.resolve("said")));
        process.destroyForcibly().waitFor();
        assertFalse(Files.exists(output));
        Invocation again = batch(table, output, options);
        assertEquals(0, again.exitCode(), again::err);
        assertEquals(40, rows(calm).size());
        assertEquals(rows(calm), rows(output));
    }

    private static String read(Path file) {
        try {
            return Files.readString(file);
        } catch (IOException e) {
            return e.toString();
        }
    }
}
