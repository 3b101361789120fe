package io.penstock.batch.spark;

import com.fasterxml.jackson.databind.json.JsonMapper;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.nio.file.StandardOpenOption;
import java.util.LinkedHashMap;
import java.util.Map;
import org.apache.spark.sql.Dataset;
import org.apache.spark.sql.Row;

/** What a scenario saw, as JSON lines of {@code what} and {@code value}, for the test to judge. */
record SeenLines(Path output) {
    void add(String what, Dataset<Row> rows) throws IOException {
        for (String json : rows.toJSON().collectAsList()) {
            add(what, new JsonMapper().readTree(json));
        }
    }

    void add(String what, Object value) throws IOException {
        Map<String, Object> line = new LinkedHashMap<>();
        line.put("what", what);
        line.put("value", value);
        Files.writeString(output, new JsonMapper().writeValueAsString(line) + "\n",
                StandardOpenOption.CREATE, StandardOpenOption.APPEND);
    }
}
