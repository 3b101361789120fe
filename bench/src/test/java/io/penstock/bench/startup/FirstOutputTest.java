package io.penstock.bench.startup;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertThrows;
import static org.junit.jupiter.api.Assertions.assertTrue;

import io.penstock.bench.Measurement;
import java.util.List;
import org.junit.jupiter.api.Test;

class FirstOutputTest {
    @Test
    void countsUntilTheFirstByte() {
        Measurement start = new FirstOutput("late end", List.of("sh", "-c", "echo x; sleep 0.3")).run();
        assertEquals(1, start.work());
        assertTrue(start.elapsedNs() > 0);
    }

    @Test
    void refusesAProcessThatFailsOrSaysNothing() {
        assertThrows(IllegalStateException.class, () -> new FirstOutput("fails", List.of("sh", "-c", "echo x; exit 3"))
                .run());
        assertThrows(IllegalStateException.class, () -> new FirstOutput("silent", List.of("true")).run());
    }
}
