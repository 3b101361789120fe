package io.penstock.batch.run;

import static org.junit.jupiter.api.Assertions.assertEquals;

import io.penstock.batch.BatchRecord;
import io.penstock.batch.line.Line;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/** In which order lines leave the window. */
class WindowTest {
    private static Work work(int number, String prompt, int maxTokens) {
        String json = "{\"prompt\": \"" + prompt + "\", \"max_tokens\": " + maxTokens + "}";
        Line line = DemoLines.format().reader().read(new BatchRecord(number, json.getBytes(StandardCharsets.UTF_8)));
        var encoded = DemoLines.format().answers().encode((Line.Asked) line);
        return new Work(encoded.line(), encoded.requests());
    }

    private static List<Long> take(Window window, int count) {
        List<Long> numbers = new ArrayList<>();
        for (int i = 0; i < count; i++) {
            numbers.add(window.take().line().number());
        }
        return numbers;
    }

    @Test
    void linesThatBeginAlikeFollowOneAnother() {
        var window = new Window(PipelineOptions.Order.PREFIX);
        window.add(work(0, "The first long beginning, then x", 5));
        window.add(work(1, "Another beginning, then y", 5));
        window.add(work(2, "The first long beginning, then z", 5));
        window.add(work(3, "Another beginning, then w", 5));
        List<Long> order = take(window, 4);
        assertEquals(1, Math.abs(order.indexOf(0L) - order.indexOf(2L)), order::toString);
        assertEquals(1, Math.abs(order.indexOf(1L) - order.indexOf(3L)), order::toString);
        assertEquals(0, window.numPromptTokens());
    }

    @Test
    void noLineWaitsForMoreThanARound() {
        var window = new Window(PipelineOptions.Order.PREFIX);
        window.add(work(0, "a", 5));
        window.add(work(1, "b", 5));
        window.add(work(2, "c", 5));
        long first = take(window, 1).getFirst();
        window.add(work((int) first + 10, List.of("a", "b", "c").get((int) first), 5));
        List<Long> rest = take(window, 3);
        assertEquals(first + 10, rest.contains(first + 10) ? first + 10 : -1, rest::toString);
        assertEquals(3, new java.util.HashSet<>(rest).size());
    }

    @Test
    void theLongestGoesFirstWhereThatIsAsked() {
        var window = new Window(PipelineOptions.Order.LONGEST);
        window.add(work(0, "a", 5));
        window.add(work(1, "b", 500));
        window.add(work(2, "c", 50));
        assertEquals(List.of(1L, 2L, 0L), take(window, 3));
        var input = new Window(PipelineOptions.Order.INPUT);
        input.add(work(4, "a", 5));
        input.add(work(3, "b", 500));
        assertEquals(List.of(3L, 4L), take(input, 2));
    }
}
