package io.penstock.runtime.config;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.runtime.InputException;
import java.nio.file.Path;
import org.junit.jupiter.api.Test;

class ModelShapesTest {
    private static final Path ROOT = Path.of(System.getProperty("basedir", ".")).resolve("..");

    @Test
    void shapesEqualTheFilesOfTheModels() {
        assertEquals(7, ModelShapes.names().size());
        for (String name : ModelShapes.names()) {
            Path file = name.equals("penstock-demo")
                    ? ROOT.resolve("models/penstock-demo/config.json")
                    : ROOT.resolve("goldens/configs/accept/" + name + ".json");
            assertEquals(ConfigReader.read(file), ModelShapes.named(name), name);
        }
    }

    @Test
    void anUnknownNameIsAnsweredWithTheKnownOnes() {
        var e = assertThrows(InputException.class, () -> ModelShapes.named("gpt-2"));
        assertTrue(e.getMessage().startsWith("unknown model shape 'gpt-2'; known are lfm2.5-8b-a1b, "), e.getMessage());
        ModelShapes.names().forEach(name -> assertTrue(e.getMessage().contains(name)));
    }
}
