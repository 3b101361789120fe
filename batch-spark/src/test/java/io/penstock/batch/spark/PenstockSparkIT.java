package io.penstock.batch.spark;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.batch.BatchRecord;
import io.penstock.batch.BatchSource;
import io.penstock.batch.parquet.ParquetColumns;
import io.penstock.batch.parquet.ParquetInput;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;

/** The program that {@code bin/penstock-spark} submits. */
class PenstockSparkIT {
    private static final String MODEL = Path.of("../models/penstock-demo").toAbsolutePath().normalize().toString();

    @TempDir
    private Path directory;
    private SparkInstallation spark;

    @BeforeEach
    void install() throws IOException {
        spark = new SparkInstallation(directory);
    }

    private int run(String... arguments) throws IOException, InterruptedException {
        List<String> all = new ArrayList<>(List.of("--master", "local[2]", "--class", PenstockSpark.class.getName(),
                System.getProperty("penstock.jar"), "--model", MODEL, "--device", "cpu", "--max-tokens", "8"));
        all.addAll(List.of(arguments));
        return spark.submit(all);
    }

    @Test
    void filesAreAnsweredAndFailuresAreAnExitCode() throws IOException, InterruptedException {
        Path input = Files.writeString(directory.resolve("in.jsonl"),
                "{\"name\": \"a\", \"prompt\": \"Hi\"}\n{\"name\": \"b\"}\n");
        Path output = directory.resolve("out");
        assertEquals(3, run("--input", input.toString(), "--input-format", "json", "--output", output.toString(),
                "--column", "prompt", "--id", "name"), spark::said);
        assertTrue(spark.said().contains("penstock-spark: 2 rows, 1 failed, "), spark::said);
        try (BatchSource source = new ParquetInput(output, ParquetColumns.ALL).open()) {
            List<String> rows = new ArrayList<>();
            for (BatchRecord record = source.next(); record != null; record = source.next()) {
                rows.add(new String(record.json(), StandardCharsets.UTF_8));
            }
            assertEquals(2, rows.size());
            assertTrue(rows.stream().anyMatch(row -> row.startsWith("{\"name\":\"a\",\"prompt\":\"Hi\",\"text\":")),
                    rows::toString);
            assertTrue(rows.contains("{\"name\":\"b\",\"error\":\"column prompt is null\"}"), rows::toString);
        }
    }

    @Test
    void whatIsWrongIsOneLine() throws IOException, InterruptedException {
        assertEquals(2, run("--input", directory.resolve("none").toString(), "--output",
                directory.resolve("out").toString(), "--column", "prompt", "--messages", "m"), spark::said);
        assertTrue(spark.said().contains("penstock-spark: give one of the options prompt, messages, body and template"),
                spark::said);
    }

    @Test
    void executorsWithGpusNeedACluster() throws IOException, InterruptedException {
        Path input = Files.writeString(directory.resolve("in.txt"), "Hi\n");
        assertEquals(2, run("--input", input.toString(), "--input-format", "text", "--output",
                directory.resolve("out").toString(), "--column", "value", "--tasks-per-gpu", "2"), spark::said);
        assertTrue(spark.said().contains("penstock-spark: this cluster gives a job no executors with GPUs of its own"),
                spark::said);
        assertFalse(spark.said().contains("\tat "), spark::said);
    }
}
