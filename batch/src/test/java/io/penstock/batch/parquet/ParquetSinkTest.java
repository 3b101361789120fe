package io.penstock.batch.parquet;

import static org.junit.jupiter.api.Assertions.assertArrayEquals;
import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertFalse;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import com.fasterxml.jackson.databind.JsonNode;
import com.fasterxml.jackson.databind.json.JsonMapper;
import io.penstock.batch.BatchRecord;
import io.penstock.batch.BatchSource;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.ArrayList;
import java.util.List;
import java.util.stream.Stream;
import org.junit.jupiter.api.BeforeEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.EnumSource;

class ParquetSinkTest {
    private static final JsonMapper MAPPER = new JsonMapper();
    private static final String CHAT = "{\"id\":\"b-1\",\"custom_id\":\"r%d\",\"response\":{\"status_code\":200,"
            + "\"request_id\":\"q\",\"body\":{\"choices\":[{\"index\":0,\"message\":{\"role\":\"assistant\","
            + "\"content\":\"Größe %d\"},\"finish_reason\":\"stop\"}],\"usage\":{\"prompt_tokens\":%d,"
            + "\"completion_tokens\":2,\"total_tokens\":9}}},\"error\":null}";
    private static final String COMPLETION = "{\"custom_id\":\"c\",\"response\":{\"status_code\":200,\"body\":"
            + "{\"choices\":[{\"index\":0,\"text\":\"and on\",\"finish_reason\":\"length\"}],\"usage\":"
            + "{\"prompt_tokens\":3,\"completion_tokens\":16}}},\"error\":null}";
    private static final String REFUSED = "{\"custom_id\":\"d\",\"response\":{\"status_code\":400,\"body\":{\"error\":"
            + "{\"message\":\"the prompt is empty\"}}},\"error\":null}";
    private static final String UNREADABLE = "{\"custom_id\":null,\"response\":null,\"error\":{\"code\":\"bad_line\","
            + "\"message\":\"line 7: no JSON\"}}";

    @TempDir
    private Path directory;
    private Path lines;
    private Path target;

    @BeforeEach
    void name() {
        lines = directory.resolve("out.lines");
        target = directory.resolve("out.parquet");
    }

    private static List<JsonNode> rows(Path file) throws IOException {
        List<JsonNode> rows = new ArrayList<>();
        try (BatchSource source = new ParquetInput(file, ParquetColumns.ALL).open()) {
            for (BatchRecord record = source.next(); record != null; record = source.next()) {
                rows.add(MAPPER.readTree(record.json()));
            }
        }
        return rows;
    }

    private List<String> names() throws IOException {
        try (Stream<Path> files = Files.list(directory)) {
            return files.map(file -> file.getFileName().toString()).sorted().toList();
        }
    }

    @Test
    void everyKindOfLineIsARow() throws IOException {
        Files.write(lines, List.of(CHAT.formatted(0, 0, 7), COMPLETION, REFUSED, UNREADABLE));
        new ParquetSink(ParquetCompression.ZSTD).commit(lines, target);
        List<JsonNode> rows = rows(target);
        assertEquals("{\"custom_id\":\"r0\",\"text\":\"Größe 0\",\"finish_reason\":\"stop\",\"prompt_tokens\":7,"
                + "\"completion_tokens\":2}", without(rows.getFirst()));
        assertEquals(MAPPER.readTree(CHAT.formatted(0, 0, 7)).get("response"),
                MAPPER.readTree(rows.getFirst().get("response").textValue()));
        assertEquals("{\"custom_id\":\"c\",\"text\":\"and on\",\"finish_reason\":\"length\",\"prompt_tokens\":3,"
                + "\"completion_tokens\":16}", without(rows.get(1)));
        assertEquals("{\"custom_id\":\"d\",\"error\":\"the prompt is empty\"}", without(rows.get(2)));
        assertEquals("{\"error\":\"line 7: no JSON\"}", without(rows.get(3)));
        assertEquals(List.of("out.parquet"), names());
    }

    private static String without(JsonNode row) {
        return row.<com.fasterxml.jackson.databind.node.ObjectNode>deepCopy().without("response").toString();
    }

    @ParameterizedTest
    @EnumSource(ParquetCompression.class)
    void manyRowGroupsAreOneFile(ParquetCompression compression) throws IOException {
        List<String> many = new ArrayList<>();
        for (int i = 0; i < 3000; i++) {
            many.add(CHAT.formatted(i, i, i));
        }
        Files.write(lines, many);
        new ParquetSink(compression, 100_000).commit(lines, target);
        List<JsonNode> rows = rows(target);
        assertEquals(3000, rows.size());
        for (int i = 0; i < 3000; i++) {
            assertEquals("Größe " + i, rows.get(i).get("text").textValue());
        }
    }

    @Test
    void noLinesAreAFileWithoutRows() throws IOException {
        Files.write(lines, List.of());
        new ParquetSink(ParquetCompression.SNAPPY).commit(lines, target);
        assertEquals(List.of(), rows(target));
    }

    @Test
    void sameLinesAreTheSameBytes() throws IOException {
        Files.write(lines, List.of(CHAT.formatted(0, 0, 7), COMPLETION));
        new ParquetSink(ParquetCompression.ZSTD).commit(lines, target);
        byte[] first = Files.readAllBytes(target);
        Files.write(lines, List.of(CHAT.formatted(0, 0, 7), COMPLETION));
        new ParquetSink(ParquetCompression.ZSTD).commit(lines, target);
        assertArrayEquals(first, Files.readAllBytes(target));
    }

    @Test
    void whatACrashLeftIsDoneAgain() throws IOException {
        Files.write(lines, List.of(COMPLETION));
        Files.writeString(directory.resolve(".out.parquet.tmp"), "half of a file");
        var sink = new ParquetSink(ParquetCompression.ZSTD);
        sink.commit(lines, target);
        sink.commit(lines, target);
        assertEquals(1, rows(target).size());
        assertEquals(List.of("out.parquet"), names());
    }

    @Test
    void linesThatAreBrokenLeaveTheOldTarget() throws IOException {
        Files.writeString(target, "an older output");
        Files.write(lines, List.of(COMPLETION, "{\"custom_id\":"));
        var e = assertThrows(IOException.class, () -> new ParquetSink(ParquetCompression.ZSTD).commit(lines, target));
        assertTrue(e.getMessage().contains("line 2"), e.getMessage());
        assertFalse(e.getMessage().contains("\n"), e.getMessage());
        assertEquals("an older output", Files.readString(target));
        assertEquals(List.of("out.lines", "out.parquet"), names());
    }
}
