package io.penstock.runtime.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import io.penstock.runtime.TokenFilters;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.util.List;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.io.TempDir;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.ValueSource;

class GenerationConfigTest {
    private static final Path DEMO = Path.of(System.getProperty("basedir", ".")).resolve("../models/penstock-demo");

    @TempDir
    Path directory;

    @Test
    void demoModelRecommendsWhatItsFileSays() {
        GenerationConfig config = GenerationConfig.read(DEMO.resolve("generation_config.json"), 4096);
        assertEquals(new GenerationConfig(true, 0.2, new TokenFilters(80, 1, 0), 1.05, List.of(4049)), config);
        assertEquals(0.2, config.effectiveTemperature());
    }

    @Test
    void absentFileAndAbsentKeysAreNeutral() throws IOException {
        assertEquals(GenerationConfig.DEFAULT, GenerationConfig.read(directory.resolve("none.json"), 100));
        assertEquals(GenerationConfig.DEFAULT, read("{\"top_k\": null, \"unknown\": [1]}"));
        assertEquals(List.of(124900), GenerationConfig.DEFAULT.eosTokenIds(ModelShapes.named("lfm2.5-8b-a1b")));
    }

    @Test
    void withoutDoSampleTheTemperatureDoesNotMatter() throws IOException {
        assertEquals(0, read("{\"temperature\": 0.7}").effectiveTemperature());
        assertEquals(0, read("{\"do_sample\": false, \"temperature\": 0.7}").effectiveTemperature());
        assertEquals(1, read("{\"do_sample\": true}").effectiveTemperature());
    }

    @Test
    void endTokensMayBeOneOrMany() throws IOException {
        assertEquals(List.of(3), read("{\"eos_token_id\": 3}").eosTokenIds());
        assertEquals(List.of(3, 99), read("{\"eos_token_id\": [3, 99]}").eosTokenIds());
    }

    @ParameterizedTest
    @ValueSource(strings = {
        "\"temperature\": -1", "\"temperature\": \"0.2\"", "\"temperature\": 1e999", "\"top_k\": 80.0",
        "\"top_k\": -2", "\"top_p\": 0", "\"top_p\": 1.5", "\"min_p\": -0.1", "\"repetition_penalty\": 0",
        "\"do_sample\": 1", "\"eos_token_id\": 100", "\"eos_token_id\": [-1]", "\"eos_token_id\": \"</s>\"",
    })
    void brokenValuesNameFileAndKey(String entry) {
        var e = assertThrows(InputException.class, () -> read("{" + entry + "}"));
        String key = entry.substring(1, entry.indexOf('"', 1));
        assertTrue(e.getMessage().startsWith(directory.resolve("generation_config.json") + ": " + key + " "),
                e.getMessage());
        assertEquals(1, e.getMessage().lines().count());
    }

    private GenerationConfig read(String json) throws IOException {
        Path file = directory.resolve("generation_config.json");
        Files.writeString(file, json);
        return GenerationConfig.read(file, 100);
    }
}
