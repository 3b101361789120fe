package io.penstock.bench.predict;

import io.penstock.runtime.config.ModelConfig;
import io.penstock.runtime.cuda.HalfBatches;
import java.util.List;
import java.util.function.IntPredicate;

/**
 * A decode step as two half-batches beside each other, each on half of the multiprocessors, the second some layers
 * behind the first: what one's kernel asks of memory, the other's does not get. Before the second begins and after the
 * first ends, the other has the whole device; so have the operations before the layers and behind them.
 */
public final class OverlapPrediction {
    private static final int NUM_HALVES = 2;
    private final ModelConfig model;
    private final int numSeqs;
    private final int context;
    private final Chip chip;

    /** What a kernel takes alone, the gap before it included, and asks of memory in that time. */
    private record Task(double seconds, double bytes) {
        double bytesPerSecond() {
            return bytes / seconds;
        }
    }

    private OverlapPrediction(ModelConfig model, int numSeqs, int context, Chip chip) {
        this.model = model;
        this.numSeqs = numSeqs;
        this.context = context;
        this.chip = chip;
    }

    /** What a step of at least two sequences should take. */
    public static double seconds(ModelConfig model, int numSeqs, int context, Chip chip) {
        int lag = HalfBatches.of(model, HalfBatches.USUAL_ROWS).lagLayers();
        return new OverlapPrediction(model, numSeqs, context, chip).seconds(lag);
    }

    private double seconds(int lag) {
        int first = Math.ceilDiv(numSeqs, NUM_HALVES);
        int second = numSeqs - first;
        int numLayers = model.numLayers();
        Chip half = chip.share(NUM_HALVES);
        double together = beside(layers(first, half, lag, numLayers), layers(second, half, 0, numLayers - lag));
        return alone(ends()) + alone(layers(first, chip, 0, lag)) + together
                + alone(layers(second, chip, numLayers - lag, numLayers));
    }

    private static double alone(List<Task> tasks) {
        return tasks.stream().mapToDouble(Task::seconds).sum();
    }

    private List<Task> ends() {
        return tasks(numSeqs, chip, layer -> layer < 0);
    }

    private List<Task> layers(int rows, Chip on, int from, int to) {
        return tasks(rows, on, layer -> layer >= from && layer < to);
    }

    private List<Task> tasks(int rows, Chip on, IntPredicate isOfLayers) {
        return StepPrediction.launches(model, rows, context, on).stream()
                .filter(each -> isOfLayers.test(each.layer()))
                .map(each -> each.row().each())
                .map(each -> new Task(each.seconds() + Chip.GAP_SECONDS, each.bytes()))
                .toList();
    }

    /** Two queues at once: each kernel goes at its own pace, as far as memory gives both what they ask for. */
    private double beside(List<Task> first, List<Task> second) {
        double clock = 0;
        int i = 0;
        int j = 0;
        double leftOfFirst = 1;
        double leftOfSecond = 1;
        while (i < first.size() && j < second.size()) {
            Task a = first.get(i);
            Task b = second.get(j);
            double perSecondOfFirst = pace(a, b) / a.seconds();
            double perSecondOfSecond = pace(b, a) / b.seconds();
            double firstEnds = leftOfFirst / perSecondOfFirst;
            double secondEnds = leftOfSecond / perSecondOfSecond;
            double time = Math.min(firstEnds, secondEnds);
            clock += time;
            leftOfFirst = firstEnds <= secondEnds ? 1 : leftOfFirst - time * perSecondOfFirst;
            leftOfSecond = secondEnds <= firstEnds ? 1 : leftOfSecond - time * perSecondOfSecond;
            i += firstEnds <= secondEnds ? 1 : 0;
            j += secondEnds <= firstEnds ? 1 : 0;
        }
        return clock + rest(first, i, leftOfFirst) + rest(second, j, leftOfSecond);
    }

    private static double rest(List<Task> tasks, int from, double leftOfFirst) {
        List<Task> left = tasks.subList(from, tasks.size());
        return left.isEmpty() ? 0 : alone(left) - (1 - leftOfFirst) * left.getFirst().seconds();
    }

    /** The share of its own pace that a kernel keeps beside another: half of memory is its, and what that leaves. */
    private double pace(Task task, Task other) {
        double all = chip.readBytesPerSecond();
        double given = Math.max(all / NUM_HALVES, all - other.bytesPerSecond());
        return Math.min(1, given / task.bytesPerSecond());
    }
}
