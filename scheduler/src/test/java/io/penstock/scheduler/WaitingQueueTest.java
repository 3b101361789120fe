package io.penstock.scheduler;

import static org.junit.jupiter.api.Assertions.assertEquals;
import static org.junit.jupiter.api.Assertions.assertNull;

import java.util.ArrayList;
import java.util.Comparator;
import java.util.List;
import java.util.Random;
import org.junit.jupiter.api.Test;

class WaitingQueueTest {
    private final OutputQueue output = Requests.queue(1);
    private final WaitingQueue queue = new WaitingQueue();

    private Sequence sequence(int priority, long order) {
        Request request = Requests.of(order, new int[] {1}, 1, 1, Requests.priority(priority), output);
        request.order = order;
        return request.leader;
    }

    private List<Sequence> all() {
        List<Sequence> all = new ArrayList<>();
        for (Sequence sequence = queue.first(); sequence != null; sequence = queue.after(sequence)) {
            all.add(sequence);
        }
        return all;
    }

    @Test
    void choicesOfARequestComeInTheirOrder() {
        Request request = Requests.of(1, new int[] {1}, 1, 3, Request.Options.DEFAULTS, output);
        queue.add(request.sequences[2]);
        queue.add(request.sequences[0]);
        queue.add(request.sequences[1]);
        assertEquals(List.of(request.sequences), all());
    }

    @Test
    void byPriorityThenBySubmissionWhateverComesAndGoes() {
        Random random = new Random(3);
        List<Sequence> expected = new ArrayList<>();
        for (int i = 0; i < 3_000; i++) {
            if (expected.isEmpty() || random.nextInt(5) < 3) {
                Sequence sequence = sequence(random.nextInt(5) - 2, random.nextInt(10) > 0 ? i : i - 100_000);
                expected.add(sequence);
                queue.add(sequence);
            } else {
                queue.remove(expected.remove(random.nextInt(expected.size())));
            }
            if (i % 50 == 0) {
                expected.sort(Comparator.<Sequence>comparingInt(s -> s.request.options().priority())
                        .thenComparingLong(s -> s.request.order));
                assertEquals(expected, all());
            }
            assertEquals(expected.size(), queue.size());
        }
        expected.forEach(queue::remove);
        assertNull(queue.first());
    }
}
