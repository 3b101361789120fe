package io.penstock.batch.parquet;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertNull;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.batch.BatchRecord;
import io.penstock.batch.BatchSource;
import io.penstock.batch.BatchSource.Place;
import io.penstock.runtime.InputException;
import java.io.IOException;
import java.nio.charset.StandardCharsets;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.HashMap;
import java.util.List;
import java.util.Map;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;
import org.junit.jupiter.params.provider.EnumSource;
import org.junit.jupiter.params.provider.ValueSource;

class ParquetSourceTest {
    private static final String SCHEMA = "message m { optional binary custom_id (STRING); optional binary q (STRING);"
            + " optional int64 n; optional double x; }";
    private static final Path RESOURCES = Path.of("src/test/resources/parquet");

    @TempDir
    private Path directory;

    private static BatchSource open(Path path, ParquetColumns columns) throws IOException {
        return new ParquetInput(path, columns).open();
    }

    private static List<String> read(Path path, ParquetColumns columns) throws IOException {
        List<String> records = new ArrayList<>();
        try (BatchSource source = open(path, columns)) {
            for (BatchRecord record = source.next(); record != null; record = source.next()) {
                assertEquals(records.size(), record.number());
                records.add(text(record));
            }
        }
        return records;
    }

    private static String text(BatchRecord record) {
        return record.problem() != null ? record.problem().getMessage()
                : new String(record.json(), StandardCharsets.UTF_8);
    }

    private static Map<String, Object> row(int i) {
        return Map.of("custom_id", "r" + i, "q", "What is " + i + "?", "n", (long) i, "x", i / 2.0);
    }

    private static List<Map<String, Object>> rows(int number) {
        List<Map<String, Object>> rows = new ArrayList<>();
        for (int i = 0; i < number; i++) {
            rows.add(row(i));
        }
        return rows;
    }

    private static ParquetColumns prompt(String column) {
        return new ParquetColumns(column, null, null, null);
    }

    @ParameterizedTest
    @EnumSource(ParquetCompression.class)
    void rowsAreRecordsInOrder(ParquetCompression compression) throws IOException {
        Path file = ParquetFiles.write(directory.resolve("a.parquet"), SCHEMA, compression, 4096, rows(2000));
        List<String> records = read(file, prompt("q"));
        assertEquals(2000, records.size());
        assertEquals("{\"custom_id\":\"r1999\",\"prompt\":\"What is 1999?\"}", records.get(1999));
    }

    @Test
    void withoutColumnsEveryColumnIsAField() throws IOException {
        Path file = ParquetFiles.write(directory.resolve("a.parquet"), SCHEMA, rows(1));
        assertEquals(List.of("{\"custom_id\":\"r0\",\"q\":\"What is 0?\",\"n\":0,\"x\":0.0}"),
                read(file, ParquetColumns.ALL));
    }

    @Test
    void integersAreNames() throws IOException {
        Path file = ParquetFiles.write(directory.resolve("a.parquet"), SCHEMA, rows(2));
        assertEquals("{\"n\":\"1\",\"prompt\":\"What is 1?\"}",
                read(file, new ParquetColumns("q", null, null, "n")).get(1));
    }

    @Test
    void bodiesMakeLinesOfOpenAi() throws IOException {
        String schema = "message m { optional binary custom_id (STRING); optional binary body (STRING); }";
        Path file = ParquetFiles.write(directory.resolve("a.parquet"), schema, List.of(
                Map.of("custom_id", "a", "body", "{\"messages\": [{\"role\": \"user\", \"content\": \"Hi\"}]}"),
                Map.of("custom_id", "b", "body", "{\"messages\": ["),
                Map.of("custom_id", "c", "body", "[]"),
                Map.of("custom_id", "d")));
        List<String> records = read(file, new ParquetColumns(null, null, "body", null));
        assertEquals("{\"custom_id\":\"a\",\"method\":\"POST\",\"url\":\"/v1/chat/completions\",\"body\":"
                + "{\"messages\":[{\"role\":\"user\",\"content\":\"Hi\"}]}}",
                records.getFirst());
        assertTrue(records.get(1).startsWith("column body holds no JSON: "), records.get(1));
        assertEquals("column body must hold a JSON object, not array", records.get(2));
        assertEquals("column body is null: give every row a value", records.get(3));
    }

    @ParameterizedTest
    @ValueSource(strings = {"pyarrow-zstd", "pyarrow-snappy", "duckdb-zstd", "spark-snappy", "spark-zstd"})
    void filesOfOthersHaveTheSameRows(String name) throws IOException {
        Path file = RESOURCES.resolve(name + ".parquet");
        List<String> prompts = read(file, prompt("prompt"));
        assertEquals("{\"custom_id\":\"r4\",\"prompt\":\"Größe 4?\"}", prompts.get(4));
        assertEquals("column prompt is null: give every row a value", prompts.get(3));
        assertEquals("{\"custom_id\":\"r1\",\"messages\":[{\"role\":\"user\",\"content\":\"Hi 1\"}]}",
                read(file, new ParquetColumns(null, "messages", null, null)).get(1));
        String all = read(file, ParquetColumns.ALL).get(2);
        for (String part : List.of("\"custom_id\":\"r2\"", "\"score\":1.0", "\"tags\":[\"a\",null,\"t2\"]",
                "\"when\":\"2026-01-02T03:04:07")) {
            assertTrue(all.contains(part), all);
        }
    }

    @Test
    void aDirectoryIsItsFilesInOrder() throws IOException {
        ParquetFiles.write(directory.resolve("part-1.parquet"), SCHEMA, rows(3));
        ParquetFiles.write(directory.resolve("part-0.parquet"), SCHEMA, List.of(row(7), row(8)));
        Files.writeString(directory.resolve("_SUCCESS"), "");
        Files.writeString(directory.resolve("_metadata.parquet"), "no data");
        List<String> records = read(directory, prompt("q"));
        assertEquals(List.of("r7", "r8", "r0", "r1", "r2"),
                records.stream().map(record -> record.substring(14, 16)).toList());
    }

    @Test
    void everyPlaceIsFoundAgain() throws IOException {
        Path file = ParquetFiles.write(
                directory.resolve("a.parquet"), SCHEMA, ParquetCompression.SNAPPY, 1024, rows(300));
        List<String> all = read(file, prompt("q"));
        try (BatchSource source = open(file, prompt("q"))) {
            for (int row : new int[] {299, 0, 150, 151, 99, 300}) {
                source.seek(new Place(row, row));
                assertEquals(new Place(row, row), source.place());
                BatchRecord record = source.next();
                assertEquals(row == 300 ? null : all.get(row), record == null ? null : text(record));
            }
        }
    }

    @Test
    void placesGoOnInAnotherFileOfADirectory() throws IOException {
        ParquetFiles.write(directory.resolve("a.parquet"), SCHEMA, rows(3));
        ParquetFiles.write(directory.resolve("b.parquet"), SCHEMA, List.of(row(7), row(8)));
        try (BatchSource source = open(directory, prompt("q"))) {
            source.seek(new Place(4, 4));
            assertTrue(text(source.next()).contains("r8"));
            assertNull(source.next());
        }
    }

    @ParameterizedTest
    @CsvSource(delimiter = '|', value = {
        "nowhere | has no column nowhere: it has custom_id, q, n, x",
        "n       | column n must hold texts, not INT64",
        "x       | column x must hold texts, not DOUBLE",
    })
    void wrongColumnsAreNamed(String column, String said) throws IOException {
        Path file = ParquetFiles.write(directory.resolve("a.parquet"), SCHEMA, rows(1));
        var e = assertThrows(InputException.class, () -> open(file, prompt(column)));
        assertTrue(e.getMessage().startsWith(file.toString()) && e.getMessage().endsWith(said), e.getMessage());
    }

    @Test
    void whatIsNoParquetIsSaidInOneLine() throws IOException {
        Path file = ParquetFiles.write(directory.resolve("a.parquet"), SCHEMA, rows(500));
        byte[] bytes = Files.readAllBytes(file);
        Map<String, byte[]> broken = new HashMap<>();
        broken.put("empty", new byte[0]);
        broken.put("text", "{\"prompt\": \"Hi\"}\n".getBytes(StandardCharsets.UTF_8));
        broken.put("no-end", Arrays.copyOf(bytes, bytes.length - 1));
        broken.put("half", Arrays.copyOf(bytes, bytes.length / 2));
        broken.put("magic", new byte[] {'P', 'A', 'R', '1', 'P', 'A', 'R', '1'});
        byte[] footer = bytes.clone();
        footer[bytes.length - 6] = 0x7F;
        broken.put("index-length", footer);
        for (Map.Entry<String, byte[]> entry : broken.entrySet()) {
            Path bad = Files.write(directory.resolve(entry.getKey() + ".parquet"), entry.getValue());
            assertOneLine(bad, assertThrows(InputException.class, () -> open(bad, prompt("q"))));
        }
        Path none = directory.resolve("none.parquet");
        assertEquals(none + " does not exist",
                assertThrows(InputException.class, () -> open(none, prompt("q"))).getMessage());
    }

    private static void assertOneLine(Path file, Exception e) {
        assertTrue(e.getMessage().startsWith(file.toString()), e.getMessage());
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
    }

    @Test
    void brokenPagesEndTheReadingWithTheRow() throws IOException {
        Path file = ParquetFiles.write(
                directory.resolve("a.parquet"), SCHEMA, ParquetCompression.ZSTD, 64 << 10, rows(5000));
        byte[] bytes = Files.readAllBytes(file);
        Arrays.fill(bytes, bytes.length / 2, bytes.length / 2 + 2000, (byte) 0x55);
        Files.write(file, bytes);
        try (BatchSource source = open(file, prompt("q"))) {
            var e = assertThrows(IOException.class, () -> {
                while (source.next() != null) {
                    assertTrue(source.place().position() <= 5000);
                }
            });
            assertOneLine(file, e);
            assertTrue(e.getMessage().contains("cannot be read at row "), e.getMessage());
        }
    }
}
